#include "tests/modules/process_tasks.hpp"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <numeric>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include <roundhouse/task.hpp>

namespace process_tasks {

namespace {

// Is loaded once somebody writes to this pipe, where there is one.
const bool kMayLoad = [] {
  const char* pipe = std::getenv("PROCESS_TASKS_WAIT_FOR");
  const int file = pipe == nullptr ? -1 : ::open(pipe, O_RDONLY | O_CLOEXEC);
  return file < 0 || ::close(file) == 0;
}();

}  // namespace

int add(int a, int b) {
  return a + b;
}

std::string train(const std::string& name, const Training& how) {
  return name + ": " + std::to_string(how.rate) + " " + std::to_string(how.steps) + " " +
         how.method;
}

double total(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

int slowly(int milliseconds, int value) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  return value;
}

int traced(const std::string& path, int milliseconds, int value) {
  const std::string line = std::to_string(value) + "\n";
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || ::write(file, line.data(), line.size()) < 0)
    throw std::runtime_error("cannot write to " + path);
  ::close(file);
  return slowly(milliseconds, value);
}

int throws_error(const std::string& text) {
  throw std::runtime_error(text);
}

int throws_int(int value) {
  throw value;
}

void throws_nothing() {
  struct Nothing : std::exception {
    [[nodiscard]] const char* what() const noexcept override { return nullptr; }
  };

  throw Nothing{};
}

int crashes(int signal) {
  return ::raise(signal);
}

void ignore(int signal) {
  std::signal(signal, SIG_IGN);
}

int process_id() {
  return static_cast<int>(::getpid());
}

std::string host_name() {
  char name[256] = {};
  if (::gethostname(name, sizeof(name) - 1) != 0) throw std::runtime_error("no host name");
  return name;
}

std::vector<double> doubled(const std::vector<double>& values) {
  std::vector<double> out = values;
  for (double& value : out) value *= 2;
  return out;
}

int scaled_limit(roundhouse::Namespace& engine, int factor) {
  return factor * engine.get<const int>("limit");
}

}  // namespace process_tasks

RH_TASK(process_tasks::add)
RH_TASK(process_tasks::train)
RH_TASK(process_tasks::total)
RH_TASK(process_tasks::slowly)
RH_TASK(process_tasks::traced)
RH_TASK(process_tasks::throws_error)
RH_TASK(process_tasks::throws_int)
RH_TASK(process_tasks::throws_nothing)
RH_TASK(process_tasks::crashes)
RH_TASK(process_tasks::ignore)
RH_TASK(process_tasks::process_id)
RH_TASK(process_tasks::doubled)
RH_TASK(process_tasks::host_name)
RH_TASK(process_tasks::scaled_limit)
