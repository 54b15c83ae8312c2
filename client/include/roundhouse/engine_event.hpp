// Engines that join and leave, as they do.
//
//   const rh::Subscription news = client.on_engine([](const rh::EngineEvent& event) {
//     std::cout << to_string(event.kind) << ' ' << event.engine << '\n';
//   });
//
// Calls come on the client's dispatcher thread (completion.hpp), in order, from subscribing on:
// subscribe first, and then look at ids(), and nothing is missed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace roundhouse {

struct EngineEvent {
  enum class Kind : std::uint8_t {
    joined,
    left,       // for good, or until it joins again or is restarted
    restarted,  // the same engine is there in a new process: its namespace is empty
  };

  Kind kind = Kind::joined;
  int engine = 0;
  std::string uuid;               // 32 hexadecimal digits
  std::uint32_t incarnation = 0;  // processes that lived under this id so far

  friend bool operator==(const EngineEvent&, const EngineEvent&) = default;
};

[[nodiscard]] constexpr std::string_view to_string(EngineEvent::Kind kind) {
  switch (kind) {
    case EngineEvent::Kind::joined: return "joined";
    case EngineEvent::Kind::left: return "left";
    case EngineEvent::Kind::restarted: return "restarted";
  }
  return "";
}

// Ends what it stands for when it goes away: no further call begins then, though one may be under
// way. May outlive the client. Thread rule: as a std::unique_ptr.
class [[nodiscard]] Subscription {
 public:
  Subscription() = default;

  explicit Subscription(std::shared_ptr<void> token) : token_(std::move(token)) {}

 private:
  std::shared_ptr<void> token_;  // its only lasting owner; the client looks whether it is there
};

}  // namespace roundhouse
