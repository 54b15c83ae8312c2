#include "engine/sealed_file.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shared/fd.hpp"

namespace roundhouse::engine {
namespace {

constexpr std::size_t kNameMax = 200;  // memfd_create takes 249

Error failed(const std::string& what) {
  return {Errc::io_failed, "cannot " + what + ": " + std::strerror(errno)};
}

}  // namespace

Result<SealedFile> SealedFile::make(const Frames& parts, const ContentHash& build,
                                    const std::string& name) {
  SealedFile out;
  out.fd_ = ::memfd_create(name.substr(0, kNameMax).c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (out.fd_ < 0) return failed("make memory for the module");
  std::size_t size = 0;
  for (const Buffer& part : parts) {
    if (!write_all(out.fd_, part.view())) return failed("write the module to memory");
    size += part.size();
  }
  constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  if (::fcntl(out.fd_, F_ADD_SEALS, kSeals) != 0) return failed("seal the module");
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, out.fd_, 0);
  if (data == MAP_FAILED) return failed("map the module");
  out.data_ = data;
  out.size_ = size;
  if (content_hash(out.bytes()) != build)
    return Error{Errc::malformed, "what came is not what was promised: the content hash differs"};
  return out;
}

SealedFile::SealedFile(SealedFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

SealedFile& SealedFile::operator=(SealedFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

SealedFile::~SealedFile() {
  if (data_ != nullptr) ::munmap(data_, size_);
  if (fd_ >= 0) ::close(fd_);
}

std::string SealedFile::path() const {
  return "/proc/self/fd/" + std::to_string(fd_);
}

void SealedFile::keep_for_ever() {
  fd_ = -1;
}

}  // namespace roundhouse::engine
