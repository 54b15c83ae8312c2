// SHELL, THREAD. ZapHandler: says who may come in at the doors of a context that use CURVE
// (https://rfc.zeromq.org/spec/27). A door with a domain (SocketOptions::zap_domain) lets in the
// keys that are admitted there, and nobody else.
//
//   net::Context context;
//   net::ZapHandler zap(context, {{"clients", {key_in_the_file}}});   // before any door is bound
//   net::Socket door(context, net::SocketKind::router, {.curve = ..., .zap_domain = "clients"});
//
// Thread rule: one thread, but the handler answers on its own. Destroy it after the doors.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "shared/mailbox.hpp"
#include "shared/net/socket.hpp"

namespace roundhouse::net {

struct ZapDomain {
  std::string name;
  std::vector<std::string> keys;  // public keys in Z85 (40 characters)
};

class ZapHandler {
 public:
  // Answers from here on. Throws Exception: config (a key is none), io_failed, and in_use when the
  // context has a handler already.
  ZapHandler(Context& context, const std::vector<ZapDomain>& domains);
  ZapHandler(const ZapHandler&) = delete;
  ZapHandler& operator=(const ZapHandler&) = delete;
  ~ZapHandler();

  // How many were refused since the last call.
  [[nodiscard]] std::uint64_t take_refused() {
    return refused_.exchange(0, std::memory_order_relaxed);
  }

 private:
  struct Admission;

  void run(const std::stop_token& stop);

  std::unique_ptr<Admission> admission_;  // the thread's, once it runs
  std::atomic<std::uint64_t> refused_{0};
  WakeFd stop_;
  std::jthread thread_;  // last: joined before anything it uses is gone
};

}  // namespace roundhouse::net
