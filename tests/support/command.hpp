// Runs a program as a shell would, and says how it ended and what it printed. For process tests;
// one thread at a time.
#pragma once

#include <chrono>
#include <csignal>
#include <ctime>
#include <string>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/clock.hpp"
#include "tests/support/temp_dir.hpp"

namespace roundhouse::test {

struct Ended {
  int exit = -1;  // 128 + N when signal N killed it; -1 when it took too long
  std::string out;
  std::string err;
};

// A program under way: its output goes to files.
class Command {
 public:
  // `words`: a path, or a name to be found in PATH, and arguments.
  explicit Command(std::vector<std::string> words) {
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    const int flags = O_WRONLY | O_CREAT | O_TRUNC;
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, dir_.file("out").c_str(), flags, 0600);
    posix_spawn_file_actions_addopen(&files, 2, dir_.file("err").c_str(), flags, 0600);
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    const int error = posix_spawnp(&pid_, pointers[0], &files, nullptr, pointers.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    if (error != 0) raise({Errc::io_failed, "cannot run " + words[0]});
  }

  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  ~Command() {
    if (pid_ > 0) (void)wait(std::chrono::seconds{0});
  }

  // What it has printed so far.
  [[nodiscard]] std::string out() const { return read_file(dir_.file("out")); }

  void send(int signal) const { kill(pid_, signal); }

  // Waits for its end, and kills it when it takes longer than `most`. Once only.
  Ended wait(std::chrono::seconds most) {
    int status = 0;
    const auto end = steady_now() + most;
    bool ended = false;
    while (!(ended = waitpid(pid_, &status, WNOHANG) == pid_) && steady_now() < end) {
      const timespec pause = {0, 2'000'000};
      nanosleep(&pause, nullptr);
    }
    if (!ended) {
      kill(pid_, SIGKILL);
      waitpid(pid_, &status, 0);
    }
    pid_ = -1;
    Ended result{-1, out(), read_file(dir_.file("err"))};
    if (ended) result.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return result;
  }

 private:
  TempDir dir_;
  pid_t pid_ = -1;
};

inline Ended run(std::vector<std::string> words,
                 std::chrono::seconds most = std::chrono::seconds{60 * RH_TEST_SLOWDOWN}) {
  return Command(std::move(words)).wait(most);
}

}  // namespace roundhouse::test
