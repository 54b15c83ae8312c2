#include "client/module_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

#include "shared/fd.hpp"

namespace roundhouse::client {
namespace {

Error unreadable(const std::string& path, const std::string& why) {
  return {Errc::unknown_module, "cannot read the module '" + path + "': " + why};
}

}  // namespace

Result<ShippedModule> read_module(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return unreadable(path, std::strerror(errno));

  struct stat status {};

  if (::fstat(file.get(), &status) != 0) return unreadable(path, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return unreadable(path, "it is no regular file");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size == 0) return unreadable(path, "it is empty");
  if (size > wire::kModuleBytesMax)
    return Error{Errc::too_large, "the module '" + path + "' has " + std::to_string(size) +
                                      " bytes, and " + std::to_string(wire::kModuleBytesMax) +
                                      " is the limit: strip it, or name it where engines are "
                                      "started"};
  ShippedModule out;
  out.name = std::filesystem::path(path).filename().string().substr(0, wire::kModuleNameMax);
  out.size = size;
  ContentHasher hasher;
  for (std::uint64_t at = 0; at < size;) {
    const auto wanted = std::min<std::uint64_t>(size - at, wire::kPartBytesMax);
    auto part = read_up_to(file.get(), wanted);
    if (!part) return unreadable(path, std::strerror(errno));
    if (part->size() < wanted) return unreadable(path, "it became shorter while it was read");
    at += wanted;
    hasher.add(*part);
    out.parts.push_back(Buffer::take(*std::move(part)));
  }
  out.build = hasher.finish();
  return out;
}

}  // namespace roundhouse::client
