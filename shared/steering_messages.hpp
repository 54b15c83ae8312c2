#pragma once

// CORE. Messages about work that runs, and engines that do it, whatever they do: PROTOCOL 9.
// Thread rule: plain values.

#include <cstdint>
#include <string>
#include <vector>

#include "shared/wire.hpp"
#include <roundhouse/ids.hpp>

namespace roundhouse::wire {

// Control plane, hub to engine: these assignments are aborted. What waits is revoked, what runs is
// asked to stop and ends `aborted`; with `force` its process is ended when it goes on.
struct Stop {
  static constexpr Kind kKind = Kind::stop;
  std::vector<AssignmentRef> assignments;
  bool force = false;
  friend bool operator==(const Stop&, const Stop&) = default;

  template <class Self, class V>
  static void fields(Self& m, V&& v) {
    v("assignments", m.assignments), v("force", m.force);
  }
};

// Control plane, hub to an engine or its keeper: do this, and say so by `acted` with the same id.
struct Act {
  static constexpr Kind kKind = Kind::act;
  std::uint64_t id = 0;
  std::string verb;                        // "clear", "interrupt"; a keeper: "restart", "signal"
  std::uint32_t signal = 0;                // of "signal"
  std::vector<AssignmentRef> assignments;  // of "interrupt": those of them that run
  bool all = false;                        // of "interrupt": whatever runs
  friend bool operator==(const Act&, const Act&) = default;

  template <class Self, class V>
  static void fields(Self& m, V&& v) {
    v("id", m.id), v("verb", m.verb), v("signal", m.signal), v("assignments", m.assignments);
    v("all", m.all);
  }
};

// The answer: at once, when it cannot be done at once, that it was heard; and when it is done.
struct Acted {
  static constexpr Kind kKind = Kind::acted;
  std::uint64_t id = 0;
  bool done = false;
  std::uint64_t count = 0;  // of "interrupt": tasks
  std::string code;         // Errc's name when it will not be done; then `text` says why
  std::string text;
  friend bool operator==(const Acted&, const Acted&) = default;

  template <class Self, class V>
  static void fields(Self& m, V&& v) {
    v("id", m.id), v("done", m.done), v("count", m.count), v("code", m.code), v("text", m.text);
  }
};

}  // namespace roundhouse::wire
