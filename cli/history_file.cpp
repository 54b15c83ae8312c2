#include "cli/history_file.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/fd.hpp"

namespace roundhouse::cli {

namespace {

// Open and locked, as long as it lives.
class Locked {
 public:
  Locked(const std::string& path, int flags, int lock)
      : fd_(path.empty() ? -1 : ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    while (fd_ && ::flock(fd_.get(), lock) != 0)
      if (errno != EINTR) break;
  }

  [[nodiscard]] explicit operator bool() const { return static_cast<bool>(fd_); }

  [[nodiscard]] std::string text() const {
    const off_t size = ::lseek(fd_.get(), 0, SEEK_END);
    if (size <= 0 || ::lseek(fd_.get(), 0, SEEK_SET) != 0) return {};
    return read_up_to(fd_.get(), static_cast<std::size_t>(size)).value_or("");
  }

  // Whether all of it was written there.
  bool write(std::string_view text, std::size_t at) const {
    return ::lseek(fd_.get(), static_cast<off_t>(at), SEEK_SET) >= 0 && write_all(fd_.get(), text);
  }

  void cut(std::size_t size) const {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return;  // it is cut next time
  }

 private:
  Fd fd_;
};

// Where the newest `count` lines begin.
std::size_t begin_of_newest(std::string_view text, std::size_t count) {
  std::size_t at = text.size();
  for (std::size_t i = 0; i <= count; ++i) {
    if (at == 0) return 0;
    const std::size_t end = text.rfind('\n', at - 1);
    if (end == std::string_view::npos) return 0;
    at = end;
  }
  return at + 1;
}

}  // namespace

HistoryFile::HistoryFile(std::string path, std::size_t inputs_max)
    : path_(std::move(path)), inputs_max_(inputs_max) {}

std::vector<std::string> HistoryFile::load() const {
  std::vector<std::string> out;
  const Locked file(path_, O_RDONLY, LOCK_SH);
  if (!file) return out;
  const std::string text = file.text();
  for (std::size_t at = begin_of_newest(text, inputs_max_); at < text.size();) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string::npos) break;  // whoever wrote it did not get further
    if (end > at) out.push_back(input_of(std::string_view(text).substr(at, end - at)));
    at = end + 1;
  }
  return out;
}

void HistoryFile::add(std::string_view input) const {
  if (input.empty() || input.size() > kInputBytesMax) return;
  const Locked file(path_, O_RDWR | O_CREAT, LOCK_EX);
  if (!file) return;
  std::string text = file.text();
  if (const std::size_t whole = text.rfind('\n') + 1; whole < text.size()) text.resize(whole);
  const std::string line = history_line(input) + '\n';
  // Written where it is: a full disk, or an end in between, takes nothing away.
  if (!file.write(line, text.size())) return file.cut(text.size());
  text += line;
  file.cut(text.size());
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n'));
  if (lines < 2 * inputs_max_) return;
  const std::string newest = text.substr(begin_of_newest(text, inputs_max_));
  if (file.write(newest, 0)) file.cut(newest.size());
}

std::string history_line(std::string_view input) {
  std::string out;
  for (const char c : input) {
    if (c == '\\' || c == '\n') out += '\\';
    out += c == '\n' ? 'n' : c;
  }
  return out;
}

std::string input_of(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool escaped = line[i] == '\\' && i + 1 < line.size();
    if (escaped) ++i;
    out += escaped && line[i] == 'n' ? '\n' : line[i];
  }
  return out;
}

}  // namespace roundhouse::cli
