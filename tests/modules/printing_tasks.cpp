#include "tests/modules/printing_tasks.hpp"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <thread>

#include <unistd.h>

#include <roundhouse/task.hpp>

namespace printing_tasks {

int every_way(const std::string& text) {
  std::cout << "cout " << text << '\n';
  std::printf("printf %s\n", text.c_str());
  const std::string line = "write " + text + "\n";
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) throw std::runtime_error("write");
  if (std::system(("echo child " + text).c_str()) != 0) throw std::runtime_error("system");
  std::cerr << "cerr " << text << '\n';
  std::clog << "clog " << text << '\n';
  return static_cast<int>(::getpid());
}

void one_line(std::uint32_t number) {
  std::cout << number << '\n';
}

void one_byte() {
  if (::write(STDERR_FILENO, "x", 1) != 1) throw std::runtime_error("write");
}

void nothing() {}

void two_lines(const std::string& seen) {
  std::cout << "first\n";
  while (!std::filesystem::exists(seen)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::cout << "second\n";
}

void much(std::uint64_t bytes) {
  const std::string line = std::string(99, 'x') + "\n";
  for (std::uint64_t at = 0; at < bytes; at += line.size())
    std::fwrite(line.data(), 1, line.size(), stdout);
}

void crashes(const std::string& text) {
  std::cerr << text;
  ::raise(SIGKILL);
}

void ends(const std::string& how) {
  std::puts("out");
  std::cerr << "err\n";
  if (how == "exit") std::exit(3);
  std::signal(SIGABRT, SIG_DFL);  // a sanitizer would say something
  if (how == "abort") std::abort();
  ::raise(SIGKILL);
}

void much_and_ends(std::uint64_t bytes) {
  much(bytes);
  std::fflush(stdout);
  ::raise(SIGKILL);
}

void throws(const std::string& text) {
  std::cout << text << '\n';
  throw std::runtime_error("thrown");
}

void never_ends(const std::string& text) {
  std::cout << text << '\n';
  while (true) std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

}  // namespace printing_tasks

RH_TASK(printing_tasks::every_way)
RH_TASK(printing_tasks::one_line)
RH_TASK(printing_tasks::one_byte)
RH_TASK(printing_tasks::nothing)
RH_TASK(printing_tasks::two_lines)
RH_TASK(printing_tasks::much)
RH_TASK(printing_tasks::crashes)
RH_TASK(printing_tasks::ends)
RH_TASK(printing_tasks::much_and_ends)
RH_TASK(printing_tasks::throws)
RH_TASK(printing_tasks::never_ends)
