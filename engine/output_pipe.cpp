#include "engine/output_pipe.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace roundhouse::engine {
namespace {

constexpr const char* kNoPipe = "no pipe for what is printed";

int require(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

struct Pipe {
  Fd read;
  Fd write;

  // These, or else a new one; programs that tasks start do not get it.
  explicit Pipe(int read_end = -1, int write_end = -1) : read(read_end), write(write_end) {
    std::array<int, 2> made{};
    if (!read) {
      require(::pipe2(made.data(), O_CLOEXEC), kNoPipe);
      read = Fd(made[0]), write = Fd(made[1]);
    }
    for (const Fd* end : {&read, &write})
      require(::fcntl(end->get(), F_SETFD, FD_CLOEXEC), kNoPipe);
  }
};

}  // namespace

OutputPipe::OutputPipe(int fd, OutputPipeEnds ends) : redirected_(fd) {
  Pipe pipe(ends.read, ends.write);
  Pipe taken(ends.taken_read, ends.taken_write);
  Pipe copy;
  read_ = std::move(pipe.read);
  taken_read_ = std::move(taken.read), taken_write_ = std::move(taken.write);
  copy_read_ = std::move(copy.read), copy_write_ = std::move(copy.write);
  require(::fcntl(read_.get(), F_SETFL, O_NONBLOCK), kNoPipe);
  before_ = Fd(require(::fcntl(fd, F_DUPFD_CLOEXEC, 3), "no descriptor to keep an output"));
  require(::dup2(pipe.write.get(), fd), "an output cannot be caught");
}

void OutputPipe::restore() {
  if (redirected_ >= 0) ::dup2(before_.get(), redirected_);
  redirected_ = -1;
}

std::string_view OutputPipe::look() {
  ssize_t copied = 0;
  do copied = ::tee(read_.get(), copy_write_.get(), bytes_.size(), SPLICE_F_NONBLOCK);
  while (copied < 0 && errno == EINTR);
  const ssize_t got =
      copied > 0 ? ::read(copy_read_.get(), bytes_.data(), static_cast<std::size_t>(copied)) : 0;
  looked_at_ = static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  return {bytes_.data(), looked_at_};
}

void OutputPipe::take() {
  while (taken_ < looked_at_) {
    const ssize_t moved = ::splice(read_.get(), nullptr, taken_write_.get(), nullptr,
                                   looked_at_ - taken_, SPLICE_F_NONBLOCK);
    if (moved > 0)
      taken_ += static_cast<std::size_t>(moved);
    else if (moved == 0 || errno != EINTR)
      return;
  }
}

// The second pipe holds all that is looked at, unless the system has cut it short.
void OutputPipe::pass(std::size_t size) {
  size = std::min(size, looked_at_);
  if (missed_ > 0) tell_missed(size);
  while (looked_at_ > 0) {
    take();
    if (taken_ == 0) take_out(read_.get(), std::exchange(looked_at_, 0), -1);
    const std::size_t first = std::min(size, taken_);
    forward(first);
    take_out(taken_read_.get(), taken_ - first, -1);
    size -= first;
    looked_at_ -= std::exchange(taken_, 0);
  }
}

void OutputPipe::forward(std::size_t size) {
  while (size > 0 && missed_ == 0) {
    const ssize_t moved =
        ::splice(taken_read_.get(), nullptr, before_.get(), nullptr, size, SPLICE_F_NONBLOCK);
    if (moved > 0) {
      size -= static_cast<std::size_t>(moved);
    } else if (moved < 0 && errno == EAGAIN) {
      if (!wait_for_reader()) missed_ = size;
    } else if (moved == 0 || errno != EINTR) {
      // A terminal, say, to which nothing can be moved.
      return take_out(taken_read_.get(), size, before_.get());
    }
  }
  take_out(taken_read_.get(), size, -1);
}

bool OutputPipe::wait_for_reader() const {
  pollfd writable{before_.get(), POLLOUT, 0};
  constexpr auto kMilliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(kPatience);
  return ::poll(&writable, 1, static_cast<int>(kMilliseconds.count())) != 0;
}

void OutputPipe::tell_missed(std::size_t next) {
  pollfd writable{before_.get(), POLLOUT, 0};
  if (::poll(&writable, 1, 0) <= 0) {
    missed_ += next;
    return;
  }
  static_cast<void>(write_all(before_.get(), "\n[... " + std::to_string(missed_) +
                                                 " bytes left out, which nobody read ...]\n"));
  missed_ = 0;
}

void OutputPipe::take_out(int from, std::size_t size, int to) {
  std::array<char, 4096> part;
  while (size > 0) {
    const ssize_t got = ::read(from, part.data(), std::min(size, part.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    const auto bytes = static_cast<std::size_t>(got);
    if (to >= 0) static_cast<void>(write_all(to, {part.data(), bytes}));
    size -= bytes;
  }
}

}  // namespace roundhouse::engine
