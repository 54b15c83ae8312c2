#pragma once

// CORE. LinkId: one connection of one plane, as the hub's shell numbers it.

#include <compare>
#include <cstdint>
#include <functional>

#include "shared/message.hpp"

namespace roundhouse::hub {

// The hub has separate doors for clients and for engines: the role is the door's, never a field's.
enum class Side : std::uint8_t { client, engine };

struct LinkId {
  Side side = Side::client;
  wire::Plane plane = wire::Plane::task;
  std::uint32_t peer = 0;  // the shell's number for the connection at that door; never reused soon

  [[nodiscard]] std::uint64_t key() const {
    return (std::uint64_t{peer} << 8U) | (static_cast<std::uint64_t>(plane) << 4U) |
           static_cast<std::uint64_t>(side);
  }

  friend auto operator<=>(const LinkId&, const LinkId&) = default;
};

}  // namespace roundhouse::hub

template <>
struct std::hash<roundhouse::hub::LinkId> {
  std::size_t operator()(const roundhouse::hub::LinkId& link) const noexcept {
    return std::hash<std::uint64_t>{}(link.key());
  }
};
