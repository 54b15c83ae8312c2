// What Client::send_apply_message() sends: which function, where, and how.
//
//   std::vector<rh::Encoded> arguments{rh::encode_values(1, 2)};
//   const rh::AsyncTasks sent = client.send_apply_message(
//       {.function = "add", .signature = rh::signature_of<int(int, int)>(), .engines = {0}},
//       arguments);
//   int three = sent.as<int>().get();
//
// A plain value, for designated initialisers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <roundhouse/dependency.hpp>
#include <roundhouse/map_call.hpp>
#include <roundhouse/requirement.hpp>
#include <roundhouse/timeout.hpp>

namespace roundhouse {

struct ApplyMessage {
  std::string_view function;
  std::string_view signature{};    // empty: any
  CallKind kind = CallKind::call;  // or a piece of a map, of a reduction
  std::string_view source{};       // of a lambda: see lambda_task.hpp
  std::vector<int> engines{};      // one task on each; empty: the scheduler chooses
  std::vector<int> targets{};      // where it may choose; empty: anywhere
  std::string label{};
  // Where the scheduler chooses, as BalancedOptions has them.
  std::uint32_t retries = 0;
  std::int32_t priority = 0;
  Dependency after{};
  Dependency follow{};
  Limit timeout = no_limit;
  Limit time_limit = no_limit;
  Predicate depend{};
  Requirements require{};
  bool track = false;
};

}  // namespace roundhouse
