#include "engine/output_pipe.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>

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

struct Ends {
  Fd read;
  Fd write;
};

Ends make_pipe() {
  std::array<int, 2> ends{};
  require(::pipe2(ends.data(), O_CLOEXEC), kNoPipe);
  return {Fd(ends[0]), Fd(ends[1])};
}

}  // namespace

OutputPipe::OutputPipe(int fd, int read, int write) : redirected_(fd) {
  Ends ends = read < 0 ? make_pipe() : Ends{Fd(read), Fd(write)};
  Ends copy = make_pipe();
  read_ = std::move(ends.read);
  copy_read_ = std::move(copy.read), copy_write_ = std::move(copy.write);
  require(::fcntl(read_.get(), F_SETFL, O_NONBLOCK), kNoPipe);
  require(::fcntl(read_.get(), F_SETFD, FD_CLOEXEC), kNoPipe);
  before_ = Fd(require(::fcntl(fd, F_DUPFD_CLOEXEC, 3), "no descriptor to keep an output"));
  require(::dup2(ends.write.get(), fd), "an output cannot be caught");
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

void OutputPipe::pass(std::size_t size) {
  std::size_t left = std::min(size, looked_at_);
  const std::size_t dropped = looked_at_ - left;
  if (missed_ > 0) tell_missed(left);
  while (left > 0 && missed_ == 0) {
    const ssize_t moved =
        ::splice(read_.get(), nullptr, before_.get(), nullptr, left, SPLICE_F_NONBLOCK);
    if (moved > 0) {
      left -= static_cast<std::size_t>(moved);
    } else if (moved < 0 && errno == EAGAIN) {
      if (!wait_for_reader()) missed_ = left;
    } else if (moved == 0 || errno != EINTR) {
      take_out(left, before_.get());  // a terminal, say, to which nothing can be moved
      return take_out(dropped, -1);
    }
  }
  take_out(left + dropped, -1);
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

void OutputPipe::take_out(std::size_t size, int to) {
  std::array<char, 4096> part;
  while (size > 0) {
    const ssize_t got = ::read(read_.get(), part.data(), std::min(size, part.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    const auto bytes = static_cast<std::size_t>(got);
    if (to >= 0) static_cast<void>(write_all(to, {part.data(), bytes}));
    size -= bytes;
  }
}

}  // namespace roundhouse::engine
