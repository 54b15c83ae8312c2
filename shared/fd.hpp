// OS. Descriptors, and reading and writing by them until it is done. Thread rule: an Fd belongs to
// one thread at a time; plain functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <sys/types.h>

namespace roundhouse {

// A descriptor that is closed when it goes. Move-only.
class Fd {
 public:
  Fd() = default;

  explicit Fd(int fd) : fd_(fd) {}

  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  ~Fd() { reset(); }

  void reset();

  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

  [[nodiscard]] int get() const { return fd_; }

  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// Readable once the process has ended. Empty when the system refuses; `errno` says why.
[[nodiscard]] Fd open_process(pid_t process);

// Writes all of it. False when the system refuses; `errno` says why.
[[nodiscard]] bool write_all(int fd, std::string_view bytes);

// The next `size` bytes; fewer when the end comes before. Nothing when the system refuses; `errno`
// says why.
[[nodiscard]] std::optional<std::string> read_up_to(int fd, std::size_t size);

}  // namespace roundhouse
