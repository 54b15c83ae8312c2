// What the tests of shared/net have in common: messages from text, and waiting without sleeping.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "shared/clock.hpp"
#include "shared/net/monitor.hpp"
#include "shared/net/poll.hpp"
#include "shared/net/socket.hpp"

namespace roundhouse::test {

inline constexpr std::chrono::seconds kPatience{20};  // far more than anything here takes

inline wire::Message message(std::string_view header, std::vector<std::string> frames = {}) {
  wire::Message out;
  out.header = Buffer::copy(header);
  for (std::string& frame : frames) out.frames.push_back(Buffer::take(std::move(frame)));
  return out;
}

inline std::string text(const wire::Message& message) {
  return std::string(message.header.view());
}

// Polls the items, in turns, until `done` says so.
inline void poll_until(std::vector<net::PollItem> items, const std::function<bool()>& done) {
  const TimePoint deadline = steady_now() + kPatience;
  while (!done()) {
    REQUIRE(steady_now() < deadline);
    net::poll(items, deadline - steady_now());
  }
}

// For what no descriptor tells: asks until `done` says so.
inline void spin_until(const std::function<bool()>& done) {
  const TimePoint deadline = steady_now() + kPatience;
  while (!done()) {
    REQUIRE(steady_now() < deadline);
    std::this_thread::yield();
  }
}

inline net::Receipt receive(net::Socket& socket, net::Incoming& into) {
  net::Receipt got = net::Receipt::nothing;
  poll_until({net::PollItem::of(socket)}, [&] {
    got = socket.receive(into);
    return got != net::Receipt::nothing;
  });
  return got;
}

// The next message, which must come.
inline net::Incoming receive(net::Socket& socket) {
  net::Incoming in;
  REQUIRE(receive(socket, in) == net::Receipt::message);
  return in;
}

// The next event of this kind; those before it are skipped.
inline net::MonitorEvent await_event(net::Monitor& monitor, net::MonitorEvent::Kind kind) {
  net::MonitorEvent found;
  poll_until({net::PollItem::of(monitor)}, [&] {
    while (const auto event = monitor.next()) {
      if (event->kind != kind) continue;
      found = *event;
      return true;
    }
    return false;
  });
  return found;
}

}  // namespace roundhouse::test
