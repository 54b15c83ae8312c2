// What a program may set of a client and of a view, and how it says how long to wait.
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

#include <roundhouse/targets.hpp>

namespace roundhouse {

// How long to wait at most; nothing: for ever. Zero or less: not at all. Takes any duration: 10s.
using Timeout = std::optional<std::chrono::nanoseconds>;

// Microseconds of UTC.
using UtcTime = std::chrono::sys_time<std::chrono::microseconds>;

// Seconds, with their fraction.
using Seconds = std::chrono::duration<double>;

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
};

// Settings of a view of several engines; what is not given stays as it is.
struct ViewOptions {
  std::optional<bool> block{};
  std::optional<bool> track{};
  std::optional<std::string> label{};
  TargetsOption targets{};  // fixed when they are set; rh::all is asked anew at each call
};

// Settings of a load-balanced view; what is not given stays as it is.
struct BalancedOptions {
  std::optional<bool> block{};
  std::optional<bool> track{};
  std::optional<std::string> label{};
  TargetsOption targets{};                  // where its tasks may run
  std::optional<std::uint32_t> retries{};   // how often a task that failed may be run again
  std::optional<std::int32_t> priority{};   // higher goes first; 0 by default
  std::optional<std::size_t> chunk_size{};  // elements of a map per task; 0: chosen automatically
  std::optional<bool> ordered{};  // whether results of a map are iterated in order; true by default
  // How many tasks of an imap there are at a time, with those whose results nobody has taken yet;
  // 0, the default: chosen by how many slots there are.
  std::optional<std::size_t> outstanding_max{};
};

}  // namespace roundhouse
