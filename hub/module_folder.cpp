#include "hub/module_folder.hpp"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/module_messages.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::hub {
namespace {

constexpr std::string_view kSuffix = ".so";
constexpr std::string_view kHalf = ".part";  // of a file that is being written

Error failure(const std::string& what, const std::string& path, const std::string& why) {
  return {Errc::store_failed, "cannot " + what + " '" + path + "', a module's file: " + why};
}

[[noreturn]] void fail(const std::string& what, const std::string& path) {
  raise(failure(what, path, std::strerror(errno)));
}

// A descriptor that closes itself.
class File {
 public:
  File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}

  File(const File&) = delete;
  File& operator=(const File&) = delete;

  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] bool open() const { return fd_ >= 0; }

  [[nodiscard]] bool write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t count = ::write(fd_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  // Up to so many; fewer at the end of the file. Nothing on an error.
  [[nodiscard]] std::optional<std::string> read(std::size_t size) const {
    std::string out(size, '\0');
    std::size_t at = 0;
    while (at < size) {
      const ssize_t count = ::read(fd_, out.data() + at, size - at);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return std::nullopt;
      if (count == 0) break;
      at += static_cast<std::size_t>(count);
    }
    out.resize(at);
    return out;
  }

  [[nodiscard]] bool sync() const { return ::fsync(fd_) == 0; }

 private:
  int fd_;
};

}  // namespace

std::string ModuleFolder::file(const ContentHash& build) const {
  return (path_ + '/').append(to_string(build)).append(kSuffix);
}

void ModuleFolder::write(const ContentHash& build, const Frames& parts) {
  if (::mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) fail("create the folder of", path_);
  const std::string path = file(build);
  if (::access(path.c_str(), F_OK) == 0) return;
  const std::string half = path + std::string(kHalf);
  {
    const File out(half, O_WRONLY | O_CREAT | O_TRUNC);
    if (!out.open()) fail("create", half);
    for (const Buffer& part : parts)
      if (!out.write(part.view())) fail("write", half);
    if (sync_ && !out.sync()) fail("write", half);
  }
  if (::rename(half.c_str(), path.c_str()) != 0) fail("name", path);
  if (!sync_) return;
  const File folder(path_, O_RDONLY | O_DIRECTORY);
  if (!folder.open() || !folder.sync()) fail("write", path_);
}

Result<Frames> ModuleFolder::read(const ContentHash& build) const {
  const std::string path = file(build);
  const File in(path, O_RDONLY);
  if (!in.open()) return failure("open", path, std::strerror(errno));
  Frames out;
  ContentHasher hasher;
  while (true) {
    auto part = in.read(wire::kPartBytesMax);
    if (!part) return failure("read", path, std::strerror(errno));
    if (part->empty()) break;
    hasher.add(*part);
    out.push_back(Buffer::take(*std::move(part)));
  }
  if (hasher.finish() != build) return failure("use", path, "it was changed");
  return out;
}

void ModuleFolder::remove(const ContentHash& build) noexcept {
  ::unlink(file(build).c_str());
}

void ModuleFolder::sweep(const std::function<bool(const ContentHash&)>& known) noexcept {
  std::error_code error;
  std::vector<std::string> unknown;
  for (std::filesystem::directory_iterator it(path_, error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename().string();
    const auto build = parse_content_hash(std::string_view(name).substr(0, name.find('.')));
    if (!build) continue;
    if (name.ends_with(kHalf) || !known(*build)) unknown.push_back(it->path().string());
  }
  for (const std::string& path : unknown) ::unlink(path.c_str());
}

}  // namespace roundhouse::hub
