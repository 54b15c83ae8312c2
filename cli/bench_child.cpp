#include "cli/bench_child.hpp"

#include <csignal>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <roundhouse/error.hpp>

namespace roundhouse::cli {

BenchChild::BenchChild(std::vector<std::string> words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  if (posix_spawn(&pid_, pointers.front(), nullptr, nullptr, pointers.data(), environ) != 0)
    raise({Errc::io_failed, "cannot start " + words.front()});
}

BenchChild::~BenchChild() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

}  // namespace roundhouse::cli
