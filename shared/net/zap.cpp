#include "shared/net/zap.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "shared/log.hpp"
#include "shared/net/impl.hpp"

namespace roundhouse::net {

namespace {

constexpr const char* kEndpoint = "inproc://zeromq.zap.01";
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kKeyDigits = 40;
constexpr std::size_t kFramesMax = 16;  // of a request; it has seven

std::string read_key(const std::string& z85) {
  std::array<std::uint8_t, kKeyBytes> bytes{};
  if (z85.size() != kKeyDigits || zmq_z85_decode(bytes.data(), z85.c_str()) == nullptr)
    throw Exception(Errc::config, "bad CURVE key: it has 40 characters in Z85");
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// version, request id, domain, address, routing id, mechanism, and the client's public key.
struct Request {
  std::vector<std::string> frames;

  [[nodiscard]] bool sound() const {
    return frames.size() == 7 && frames[0] == "1.0" && frames[5] == "CURVE";
  }
};

}  // namespace

struct ZapHandler::Admission {
  struct Domain {
    std::string name;
    std::vector<std::string> keys;  // as bytes
  };

  zmq::socket_t socket;
  std::vector<Domain> domains;

  [[nodiscard]] bool admits(const Request& request) const {
    return request.sound() && std::ranges::any_of(domains, [&](const Domain& domain) {
             return domain.name == request.frames[2] &&
                    std::ranges::find(domain.keys, request.frames[6]) != domain.keys.end();
           });
  }

  // False: none is there now.
  bool receive(Request& out) {
    out.frames.clear();
    for (bool more = true; more;) {
      zmq::message_t frame;
      if (!socket.recv(frame, zmq::recv_flags::dontwait)) return false;
      more = frame.more();
      if (out.frames.size() < kFramesMax) out.frames.push_back(frame.to_string());
    }
    return true;
  }

  void answer(const Request& request, bool admitted) {
    const std::string id = request.frames.size() > 1 ? request.frames[1] : std::string();
    const std::array<std::string_view, 6> frames{
        "1.0", id, admitted ? "200" : "400", admitted ? "" : "the key is not for this door",
        "",    ""};
    for (std::size_t i = 0; i < frames.size(); ++i)
      (void)socket.send(zmq::buffer(frames[i]),
                        i + 1 < frames.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
  }
};

ZapHandler::ZapHandler(Context& context, const std::vector<ZapDomain>& domains)
    : admission_(std::make_unique<Admission>()) {
  for (const ZapDomain& domain : domains) {
    Admission::Domain& known = admission_->domains.emplace_back();
    known.name = domain.name;
    for (const std::string& key : domain.keys) known.keys.push_back(read_key(key));
  }
  try {
    admission_->socket = zmq::socket_t(context.impl().context, zmq::socket_type::rep);
    admission_->socket.set(zmq::sockopt::linger, 0);
    admission_->socket.bind(kEndpoint);
  } catch (const zmq::error_t& error) {
    throw_failure("cannot decide who may connect", error.num());
  }
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

ZapHandler::~ZapHandler() {
  thread_.request_stop();
  stop_.wake();
}

void ZapHandler::run(const std::stop_token& stop) {
  std::array<zmq::pollitem_t, 2> items{
      {{admission_->socket.handle(), 0, ZMQ_POLLIN, 0}, {nullptr, stop_.fd(), ZMQ_POLLIN, 0}}};
  const auto wait = [&items] {
    try {
      zmq::poll(items);
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) throw;
    }
  };
  try {
    for (Request request; !stop.stop_requested();) {
      wait();
      while (admission_->receive(request)) {
        const bool admitted = admission_->admits(request);
        if (!admitted) refused_.fetch_add(1, std::memory_order_relaxed);
        admission_->answer(request, admitted);
      }
    }
    admission_->socket.close();
  } catch (const zmq::error_t& error) {  // nobody else gets in, then
    log::error("zap_failed", {{"reason", error.what()}});
  }
}

}  // namespace roundhouse::net
