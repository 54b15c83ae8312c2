#pragma once

// What a chaos run is told, and the faults that there are. Plain values.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace roundhouse::chaos {

enum class FaultKind : std::uint8_t {
  hub,
  engine,
  nanny,
  nanny_and_engine,
  client,
  frozen_engine,
  frozen_hub,
  hub_and_nanny,
  frozen_engine_dead_hub,
};

// How often each is drawn, of the sum of all.
struct FaultWeight {
  FaultKind kind;
  std::string_view name;
  unsigned weight;
};

inline constexpr std::array<FaultWeight, 9> kFaults{{
    {FaultKind::hub, "hub", 25},
    {FaultKind::engine, "engine", 20},
    {FaultKind::nanny, "nanny", 10},
    {FaultKind::nanny_and_engine, "nanny+engine", 10},
    {FaultKind::client, "client", 15},
    {FaultKind::frozen_engine, "frozen-engine", 6},
    {FaultKind::frozen_hub, "frozen-hub", 6},
    {FaultKind::hub_and_nanny, "hub+nanny", 5},
    {FaultKind::frozen_engine_dead_hub, "frozen-engine+hub", 3},
}};

[[nodiscard]] std::string_view to_string(FaultKind kind);

struct Options {
  std::uint64_t kills = 1000;
  std::uint64_t seed = 1;
  std::uint64_t engines = 4;
  std::uint64_t clients = 3;
  std::uint64_t rate = 100;  // tasks a second of each client
  std::string durability = "relaxed";
  std::uint64_t grace_ms = 500;  // of the hub
  std::vector<FaultKind> kinds;  // empty: all
  bool json = false;
  bool keep = false;
};

// Nothing when it makes no sense: then `problem` says what.
[[nodiscard]] std::optional<Options> parse_options(const std::vector<std::string>& words,
                                                   std::string& problem);

[[nodiscard]] std::string usage();

}  // namespace roundhouse::chaos
