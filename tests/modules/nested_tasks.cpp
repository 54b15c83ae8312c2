#include "tests/modules/nested_tasks.hpp"

#include <chrono>
#include <csignal>
#include <thread>

#include <unistd.h>

#include <roundhouse/roundhouse.hpp>
#include <roundhouse/task.hpp>
#include <roundhouse/this_engine.hpp>

namespace nested_tasks {
namespace {

roundhouse::LoadBalancedView any() {
  return roundhouse::this_engine::client().load_balanced_view();
}

roundhouse::EngineView here() {
  return roundhouse::this_engine::client()[static_cast<int>(roundhouse::this_engine::id())];
}

}  // namespace

std::uint64_t fib(std::uint32_t n) {
  if (n < 2) return n;
  const auto one = any().apply_async(fib, n - 1);
  const auto other = any().apply_async(fib, n - 2);
  return one.get() + other.get();
}

std::uint32_t dive(std::uint32_t n) {
  return n == 0 ? 0 : 1 + here().apply_sync(dive, n - 1);
}

std::uint32_t descend(std::uint32_t n) {
  return n == 0 ? 0 : 1 + any().apply_sync(descend, n - 1);
}

std::uint64_t square(std::uint32_t n) {
  return std::uint64_t{n} * n;
}

std::uint64_t squares(std::uint32_t n) {
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t i = 1; i <= n; ++i) numbers.push_back(i);
  std::uint64_t sum = 0;
  const auto running = any().with({.chunk_size = 1}).map_async(square, numbers);
  for (const std::uint64_t each : running.unordered()) sum += each;
  return sum;
}

std::uint32_t wait_for_sleep(std::uint32_t milliseconds) {
  return any().apply_sync(sleep_ms, milliseconds);
}

std::uint32_t sleep_ms(std::uint32_t milliseconds) {
  constexpr std::chrono::milliseconds kLook{1};
  for (std::uint32_t i = 0; i < milliseconds && !roundhouse::this_engine::stop_requested(); ++i)
    std::this_thread::sleep_for(kLook);
  return milliseconds;
}

void wait_for_crash(int signal) {
  here().apply_sync(crash, signal);
}

void crash(int signal) {
  (void)std::raise(signal);
}

std::uint32_t ping(std::uint32_t times) {
  for (std::uint32_t i = 0; i < times; ++i) any().apply_sync(nothing);
  return times;
}

void nothing() {}

std::uint32_t process_id() {
  return static_cast<std::uint32_t>(getpid());
}

std::vector<std::string> leave_behind(std::uint32_t count) {
  std::vector<std::string> out;
  for (std::uint32_t i = 0; i < count; ++i)
    out.push_back(any().apply_async(sleep_ms, 1U).msg_ids()[0]);
  return out;
}

}  // namespace nested_tasks

RH_TASK(nested_tasks::fib)
RH_TASK(nested_tasks::dive)
RH_TASK(nested_tasks::descend)
RH_TASK(nested_tasks::square)
RH_TASK(nested_tasks::squares)
RH_TASK(nested_tasks::wait_for_sleep)
RH_TASK(nested_tasks::sleep_ms)
RH_TASK(nested_tasks::wait_for_crash)
RH_TASK(nested_tasks::crash)
RH_TASK(nested_tasks::ping)
RH_TASK(nested_tasks::nothing)
RH_TASK(nested_tasks::process_id)
RH_TASK(nested_tasks::leave_behind)
