#include "cli/line_reader.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace roundhouse::cli {

bool LineReader::fill() {
  if (fd_ < 0) return false;  // poll() would wait for the other one alone
  constexpr std::size_t kChunk = 64U << 10U;
  std::array<pollfd, 3> ready{
      {{fd_, POLLIN, 0}, {stop_.fd(), POLLIN, 0}, {other_stop_, POLLIN, 0}}};
  while (::poll(ready.data(), ready.size(), -1) < 0)
    if (errno != EINTR) return false;
  if (ready[1].revents != 0 || ready[2].revents != 0) return false;
  std::string more(kChunk, '\0');
  const ssize_t count = ::read(fd_, more.data(), more.size());
  if (count < 0 && errno == EINTR) return true;
  if (count <= 0) return false;
  text_.append(more, 0, static_cast<std::size_t>(count));
  return true;
}

std::optional<std::string> LineReader::next() {
  while (true) {
    const std::size_t end = text_.find('\n', seen_);
    if (end != std::string::npos) {
      std::string line = text_.substr(0, end);
      text_.erase(0, end + 1);
      seen_ = 0;
      return line;
    }
    seen_ = text_.size();
    if (over_ || !fill()) break;
  }
  over_ = true;
  seen_ = 0;
  if (text_.empty()) return std::nullopt;
  return std::exchange(text_, {});
}

}  // namespace roundhouse::cli
