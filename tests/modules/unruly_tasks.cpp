#include "tests/modules/unruly_tasks.hpp"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <thread>

#include <unistd.h>

#include <roundhouse/task.hpp>

namespace unruly_tasks {

int twice(int number) {
  return 2 * number;
}

std::uint32_t sleep_ms(std::uint32_t milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds{milliseconds});
  return milliseconds;
}

std::uint32_t process_id() {
  return static_cast<std::uint32_t>(getpid());
}

std::string much(std::uint64_t bytes) {
  return std::string(bytes, 'x');
}

void crash(const std::string& last_words) {
  std::fprintf(stderr, "%s\n", last_words.c_str());
  std::signal(SIGSEGV, SIG_DFL);  // a sanitizer would turn it into an exit
  std::raise(SIGSEGV);
}

void print_and_crash(const std::string& last_words) {
  std::cout << last_words << '\n';
  std::signal(SIGSEGV, SIG_DFL);
  std::raise(SIGSEGV);
}

void kill_itself() {
  kill(getpid(), SIGKILL);
}

void leave(int status) {
  std::_Exit(status);
}

void wait_for_file(const std::string& path) {
  while (access(path.c_str(), F_OK) != 0) std::this_thread::sleep_for(std::chrono::milliseconds{2});
}

std::vector<std::uint32_t> start_children() {
  std::vector<std::uint32_t> out;
  for (const bool leaves : {false, true}) {
    const pid_t child = fork();
    if (child == 0) {
      if (leaves) setsid();
      execlp("sleep", "sleep", "1000", nullptr);
      std::_Exit(1);
    }
    out.push_back(static_cast<std::uint32_t>(child));
  }
  return out;
}

}  // namespace unruly_tasks

RH_TASK(unruly_tasks::twice)
RH_TASK(unruly_tasks::sleep_ms)
RH_TASK(unruly_tasks::process_id)
RH_TASK(unruly_tasks::much)
RH_TASK(unruly_tasks::crash)
RH_TASK(unruly_tasks::print_and_crash)
RH_TASK(unruly_tasks::kill_itself)
RH_TASK(unruly_tasks::leave)
RH_TASK(unruly_tasks::wait_for_file)
RH_TASK(unruly_tasks::start_children)
