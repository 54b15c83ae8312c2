#include "tests/modules/chaos_tasks.hpp"

#include <chrono>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include <roundhouse/task.hpp>

namespace chaos_tasks {
namespace {

void note_start(const std::string& folder, std::uint64_t key) {
  // Open as long as the process lives: a start is one system call.
  static const int file = ::open((folder + "/starts-" + std::to_string(::getpid())).c_str(),
                                 O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  const Start start{key, host_now(), ::getpid()};
  if (::write(file, &start, sizeof start) != sizeof start)
    throw std::runtime_error("cannot write a journal in " + folder);
}

void work_for(std::int64_t microseconds) {
  if (microseconds > 0) std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
}

}  // namespace

std::vector<std::uint64_t> array_of(std::uint64_t key, std::size_t size) {
  std::vector<std::uint64_t> out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = answer_to(key + i);
  return out;
}

std::uint64_t checked(const std::string& folder, std::uint64_t key, std::int64_t microseconds) {
  note_start(folder, key);
  work_for(microseconds);
  return answer_to(key);
}

std::uint64_t checked_array(const std::string& folder, std::uint64_t key, std::int64_t microseconds,
                            const std::vector<std::uint64_t>& array) {
  note_start(folder, key);
  work_for(microseconds);
  if (array != array_of(key, array.size()))
    throw std::runtime_error("this array is not that of its key");
  return answer_to(key);
}

}  // namespace chaos_tasks

RH_TASK(chaos_tasks::checked)
RH_TASK(chaos_tasks::checked_array)
