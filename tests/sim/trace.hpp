#pragma once

// Trace: what happens in a world, line by line, when somebody wants to see it. Thread rule: one
// thread.

#include <cstdio>
#include <string>
#include <string_view>

#include "shared/message.hpp"
#include "shared/records.hpp"
#include "tests/sim/timeline.hpp"

namespace roundhouse::sim {

class Trace {
 public:
  Trace(const Timeline& timeline, bool on) : timeline_(timeline), on_(on) {}

  [[nodiscard]] bool on() const { return on_; }

  // `who` did or saw `what`.
  void say(std::string_view who, const std::string& what) const {
    if (!on_) return;
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(
                        timeline_.now().time_since_epoch() - std::chrono::seconds{1000})
                        .count();
    std::printf("%10.3f ms  %-14.*s %s\n", static_cast<double>(us) / 1000.0,
                static_cast<int>(who.size()), who.data(), what.c_str());
  }

 private:
  const Timeline& timeline_;
  bool on_;
};

// Any message in one line, batches included. `from_engine` tells the two kinds of outcome apart.
[[nodiscard]] std::string describe(const wire::Message& message, bool from_engine);

}  // namespace roundhouse::sim
