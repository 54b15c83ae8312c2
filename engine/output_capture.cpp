#include "engine/output_capture.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <iostream>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace roundhouse::engine {

namespace {

int require(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

// What lies in buffers of this process. The stream of errors has none.
void flush_streams() {
  std::cout.flush();
  std::clog.flush();
  std::fflush(stdout);
  std::fflush(stderr);
}

std::string told(std::string text, std::uint64_t missing) {
  if (missing == 0) return text;
  return std::move(text) + "\n... (" + std::to_string(missing) + " more bytes)\n";
}

}  // namespace

OutputCapture::OutputCapture() {
  stop_ = Fd(require(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "no event for what is printed"));
  flush_streams();
  try {
    redirect(streams_[0], STDOUT_FILENO);
    redirect(streams_[1], STDERR_FILENO);
    thread_ = std::jthread([this] { read_all(); });
  } catch (...) {
    end();
    throw;
  }
}

OutputCapture::~OutputCapture() {
  end();
}

void OutputCapture::redirect(Stream& stream, int fd) {
  std::array<int, 2> ends{};
  require(::pipe2(ends.data(), O_CLOEXEC), "no pipe for what is printed");
  stream.read = Fd(ends[0]);
  const Fd write(ends[1]);
  require(::fcntl(ends[0], F_SETFL, O_NONBLOCK), "no pipe for what is printed");
  stream.before = Fd(require(::fcntl(fd, F_DUPFD_CLOEXEC, 3), "no descriptor to keep an output"));
  require(::dup2(ends[1], fd), "an output cannot be caught");
}

OutputCapture::Text OutputCapture::finish() {
  end();
  return {told(std::move(streams_[0].text), streams_[0].missing),
          told(std::move(streams_[1].text), streams_[1].missing)};
}

void OutputCapture::end() {
  if (std::exchange(ended_, true)) return;
  flush_streams();
  if (streams_[0].before.get() >= 0) ::dup2(streams_[0].before.get(), STDOUT_FILENO);
  if (streams_[1].before.get() >= 0) ::dup2(streams_[1].before.get(), STDERR_FILENO);
  const std::uint64_t one = 1;
  static_cast<void>(!::write(stop_.get(), &one, sizeof one));
  if (thread_.joinable()) thread_.join();
}

// A child that goes on after the code may have an end of a pipe for ever: that is not waited for.
void OutputCapture::read_all() {
  for (;;) {
    std::array<pollfd, 3> ready{{{streams_[0].over ? -1 : streams_[0].read.get(), POLLIN, 0},
                                 {streams_[1].over ? -1 : streams_[1].read.get(), POLLIN, 0},
                                 {stop_.get(), POLLIN, 0}}};
    if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) return;
    const bool is_last = ready[2].revents != 0;
    for (Stream& stream : streams_) drain(stream);
    if (is_last) return;
  }
}

void OutputCapture::drain(Stream& stream) {
  // Enough for all that a pipe holds; whoever goes on writing is heard in the next turn.
  constexpr std::size_t kTurnMax = std::size_t{1} << 20U;
  std::array<char, 16384> part;
  for (std::size_t read = 0; read < kTurnMax && !stream.over;) {
    const ssize_t got = ::read(stream.read.get(), part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return;
    if (got == 0) stream.over = true;
    const std::string_view bytes(part.data(), static_cast<std::size_t>(got));
    const std::string_view kept = bytes.substr(0, kBytesMax - stream.text.size());
    read += bytes.size();
    stream.text += kept;
    stream.missing += bytes.size() - kept.size();
    static_cast<void>(write_all(stream.before.get(), kept));
  }
}

}  // namespace roundhouse::engine
