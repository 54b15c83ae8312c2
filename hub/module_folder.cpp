#include "hub/module_folder.hpp"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/fd.hpp"
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

Fd open_file(const std::string& path, int flags) {
  return Fd(::open(path.c_str(), flags | O_CLOEXEC, 0600));
}

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
    const Fd out = open_file(half, O_WRONLY | O_CREAT | O_TRUNC);
    if (!out) fail("create", half);
    for (const Buffer& part : parts)
      if (!write_all(out.get(), part.view())) fail("write", half);
    if (sync_ && ::fsync(out.get()) != 0) fail("write", half);
  }
  if (::rename(half.c_str(), path.c_str()) != 0) fail("name", path);
  if (!sync_) return;
  const Fd folder = open_file(path_, O_RDONLY | O_DIRECTORY);
  if (!folder || ::fsync(folder.get()) != 0) fail("write", path_);
}

Result<Frames> ModuleFolder::read(const ContentHash& build) const {
  const std::string path = file(build);
  const Fd in = open_file(path, O_RDONLY);
  if (!in) return failure("open", path, std::strerror(errno));
  Frames out;
  ContentHasher hasher;
  while (true) {
    auto part = read_up_to(in.get(), wire::kPartBytesMax);
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
