#include "tests/modules/rule_tasks.hpp"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include <unistd.h>

#include <roundhouse/error.hpp>
#include <roundhouse/task.hpp>
#include <roundhouse/this_engine.hpp>

namespace rule_tasks {
namespace {

void wait_until_stopped() {
  while (!roundhouse::this_engine::stop_requested())
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
}

}  // namespace

bool says(bool answer) {
  return answer;
}

bool refuses(const std::string& why) {
  throw roundhouse::UnmetDependency(why);
}

bool breaks(const std::string& why) {
  throw std::runtime_error(why);
}

bool is_engine(std::uint32_t id) {
  return roundhouse::this_engine::id() == id;
}

std::uint32_t anywhere_but(std::uint32_t id) {
  const std::uint32_t here = roundhouse::this_engine::id();
  if (here == id) throw roundhouse::UnmetDependency("not on engine " + std::to_string(id));
  return here;
}

int fails_if(int number, bool fails) {
  if (fails) throw std::runtime_error("was told to fail");
  return number;
}

std::uint32_t process_id() {
  return static_cast<std::uint32_t>(getpid());
}

void spin_for_ever() {
  for (std::atomic<std::uint64_t> turns{0};;) turns.fetch_add(1, std::memory_order_relaxed);
}

int spin_until_stopped() {
  wait_until_stopped();
  return 7;
}

int throw_when_stopped() {
  wait_until_stopped();
  throw std::runtime_error("was told to stop");
}

std::uint32_t sleep_ms(std::uint32_t milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds{milliseconds});
  return milliseconds;
}

}  // namespace rule_tasks

RH_TASK(rule_tasks::says)
RH_TASK(rule_tasks::refuses)
RH_TASK(rule_tasks::breaks)
RH_TASK(rule_tasks::is_engine)
RH_TASK(rule_tasks::anywhere_but)
RH_TASK(rule_tasks::fails_if)
RH_TASK(rule_tasks::process_id)
RH_TASK(rule_tasks::spin_for_ever)
RH_TASK(rule_tasks::spin_until_stopped)
RH_TASK(rule_tasks::throw_when_stopped)
RH_TASK(rule_tasks::sleep_ms)
