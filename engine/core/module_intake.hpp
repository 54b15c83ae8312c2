#pragma once

// CORE. ModuleIntake: the modules that the hub offers, on their way to this engine.
//
// One module at a time is asked for; the others wait. When all of one has come, the outbox says to
// load it; until the shell has answered, and for ever afterwards, the engine has it, or knows why
// not, and says so after each welcome. Thread rule: plain value of its core.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "engine/core/outbox.hpp"
#include "shared/content_hash.hpp"
#include "shared/message.hpp"
#include <roundhouse/result.hpp>

namespace roundhouse::engine {

class ModuleIntake {
 public:
  static constexpr std::size_t kOffersMax = 4096;  // known or waiting: more are refused

  // `allowed` false: whatever is offered is refused.
  explicit ModuleIntake(bool allowed) : allowed_(allowed) {}

  // A module that the engine was started with.
  void add(wire::Have have);

  // A new connection: what had come in part is asked for again when it is offered again.
  void on_link();
  // Says everything that is here.
  void on_welcome(Outbox& out) const;
  void on_offer(const wire::Offer& offer, Outbox& out);
  // False: it was not asked for, and is dropped.
  bool on_part(const wire::Message& message, const wire::Part& part, Outbox& out);
  // The shell has loaded the module, or could not. Said at once when `connected`.
  void on_loaded(wire::Have have, bool connected, Outbox& out);

  [[nodiscard]] std::size_t known() const { return known_.size(); }

  void check_invariants() const;

 private:
  struct Coming {
    wire::Offer offer;
    Frames parts;
    std::uint64_t received = 0;
  };

  void on_withdrawn(const ContentHash& build, Outbox& out);
  void ask_next(Outbox& out);
  void refuse(const wire::Offer& offer, const std::string& text, Outbox& out);

  const bool allowed_;
  std::map<ContentHash, wire::Have> known_;       // answered
  std::map<ContentHash, std::uint64_t> loading_;  // with the shell; their order
  std::deque<Coming> coming_;                     // the first one is under way
};

}  // namespace roundhouse::engine
