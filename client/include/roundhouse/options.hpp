// What a program may set of a client and of a view.
//
//   rh::Client client({.cluster = "night", .timeout = 30s});
//   auto careful = client.load_balanced_view().with({.retries = 2, .label = "survey"});
//
// Plain values, for designated initialisers; the defaults are what most programs want.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <roundhouse/dependency.hpp>
#include <roundhouse/requirement.hpp>
#include <roundhouse/targets.hpp>
#include <roundhouse/timeout.hpp>

namespace roundhouse {

struct ClientOptions {
  std::string cluster{};          // empty: $ROUNDHOUSE_CLUSTER, or "default"
  std::string connection_file{};  // instead of the one in the cluster's run directory
  // For the first connection and for every question to the hub. Calls of tasks have no limit of
  // their own: pass one to get() and wait().
  std::chrono::nanoseconds timeout = std::chrono::seconds{10};
  std::string label{};  // what this program is called in the hub's records; empty: its file name
  // Submissions wait (in the calling thread) while so much is queued here because the hub gives no
  // more credit or is away.
  std::size_t queued_bytes_max = std::size_t{256} << 20U;
  std::size_t queued_calls_max = 100'000;
  // Arguments of one call, or what is pushed to one engine at once: more is refused (Errc
  // too_large) before any of it is sent. The hub has them in memory until the call has ended.
  std::size_t call_bytes_max = std::size_t{1} << 30U;
  // How long a client that is closed waits until the hub has taken over what was submitted.
  std::chrono::nanoseconds linger = std::chrono::seconds{2};
};

// Settings of a view of one engine; what is not given stays as it is.
struct EngineOptions {
  std::optional<bool> block{};  // apply, map, push, ... wait until their result is ready
  // Results tell by sent() and wait_on_send() when rh::Arrays that were passed may be edited again.
  // (Of what was passed as rh::borrow they always tell.)
  std::optional<bool> track{};
  std::optional<std::string> label{};  // of the tasks, in the hub's records
  // How long a run may take: see BalancedOptions.
  std::optional<Limit> time_limit{};
};

// Settings of a view of several engines; what is not given stays as it is.
struct ViewOptions {
  std::optional<bool> block{};
  std::optional<bool> track{};
  std::optional<std::string> label{};
  TargetsOption targets{};  // fixed when they are set; rh::all is asked anew at each call
  std::optional<Limit> time_limit{};
};

// Settings of a load-balanced view; what is not given stays as it is. (Direct views have none of
// those about order and place: their calls go to their engines, one after the other.)
struct BalancedOptions {
  std::optional<bool> block{};
  std::optional<bool> track{};
  std::optional<std::string> label{};
  TargetsOption targets{};  // where its tasks may run
  // What must have ended before they run, and tasks on whose engine they run: dependency.hpp.
  // rh::no_dependency takes what the view has away.
  DependencyOption after{};
  DependencyOption follow{};
  // How long, from when the hub has a task, it may take until what it depends on is done: then it
  // ends with DependencyTimeout. rh::no_limit takes it away.
  std::optional<Limit> timeout{};
  std::optional<std::uint32_t> retries{};  // how often a task that failed may be run again
  std::optional<std::int32_t> priority{};  // higher goes first; 0 by default
  // How long a run may take. Its stop token is then set (this_engine.hpp); a task that goes on
  // regardless is ended with its engine's process, which is started anew. Either way it ends with
  // TimeLimitExceeded, and is not run again.
  std::optional<Limit> time_limit{};
  // What an engine must have or say before it runs a task: depend.hpp. rh::Predicate{} and
  // rh::require() take away what the view has.
  std::optional<Predicate> depend{};
  std::optional<Requirements> require{};
  std::optional<std::size_t> chunk_size{};  // elements of a map per task; 0: chosen automatically
  std::optional<bool> ordered{};  // whether results of a map are iterated in order; true by default
  // How many tasks of an imap there are at a time, with those whose results nobody has taken yet;
  // 0, the default: chosen by how many slots there are.
  std::optional<std::size_t> outstanding_max{};
};

}  // namespace roundhouse
