// A program at a terminal of its own: what somebody types and sees there. For process tests; one
// thread at a time.
//
//   Terminal shell({"cat"});
//   shell.type("a\n");
//   CHECK(shell.sees("a\r\n"));
#pragma once

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>
#include <string_view>
#include <vector>

#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "shared/clock.hpp"
#include "tests/support/patience.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::test {

class Terminal {
 public:
  // `words`: a path, or a name to be found in PATH, and arguments.
  explicit Terminal(std::vector<std::string> words) {
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    winsize size{24, 100, 0, 0};
    pid_ = forkpty(&fd_, nullptr, nullptr, &size);
    if (pid_ < 0) raise({Errc::io_failed, "there is no terminal"});
    if (pid_ > 0) return;
    setenv("TERM", "xterm", 1);
    execvp(pointers[0], pointers.data());
    _exit(127);
  }

  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  ~Terminal() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(fd_);
  }

  void type(std::string_view keys) const {
    while (!keys.empty()) {
      const ssize_t count = ::write(fd_, keys.data(), keys.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return;
      keys.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  void send(int signal) const { kill(pid_, signal); }

  void resize(unsigned short rows, unsigned short columns) const {
    const winsize size{rows, columns, 0, 0};
    ioctl(fd_, TIOCSWINSZ, &size);
  }

  // Waits until this is shown behind what was seen before; then it has been seen, too.
  bool sees(std::string_view text) {
    const TimePoint end = steady_now() + 2 * kPatience;
    while (true) {
      if (const std::size_t at = shown_.find(text, seen_); at != std::string::npos) {
        last_ = shown_.substr(seen_, at - seen_);
        seen_ = at + text.size();
        return true;
      }
      if (steady_now() > end || !read_more(end)) {
        MESSAGE("not shown: " << text << "; but this: " << unseen());
        return false;
      }
    }
  }

  // What was shown between the last two that were seen.
  [[nodiscard]] const std::string& between() const { return last_; }

  // What was shown and not seen yet, as far as it has come.
  [[nodiscard]] std::string unseen() const { return shown_.substr(seen_); }

  // Waits for its end. The exit status; 128 + N when signal N killed it; -1 when it took too long.
  int ends() {
    const TimePoint end = steady_now() + 2 * kPatience;
    while (steady_now() < end && read_more(end)) {
    }
    int status = 0;
    const bool ended = comes_true([&] { return waitpid(pid_, &status, WNOHANG) == pid_; });
    if (!ended) return -1;
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  // False at the end.
  bool read_more(TimePoint end) {
    pollfd ready{fd_, POLLIN, 0};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - steady_now());
    if (::poll(&ready, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) <= 0)
      return true;
    std::array<char, 4096> more{};
    const ssize_t count = ::read(fd_, more.data(), more.size());
    if (count < 0 && errno == EINTR) return true;
    if (count <= 0) return false;
    shown_.append(more.data(), static_cast<std::size_t>(count));
    return true;
  }

  int fd_ = -1;
  pid_t pid_ = -1;
  std::string shown_;
  std::size_t seen_ = 0;
  std::string last_;
};

}  // namespace roundhouse::test
