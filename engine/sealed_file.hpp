#pragma once

// OS. SealedFile: bytes as a file without a name, which nobody can change any more.
//
// A module that came over the wire is loaded from one: it is in no folder that others can write to,
// a mount without execution does not matter, and nothing is left behind whoever is killed.
// Thread rule: one thread at a time.

#include <cstddef>
#include <string>
#include <string_view>

#include "shared/content_hash.hpp"
#include "shared/payload.hpp"
#include <roundhouse/result.hpp>

namespace roundhouse::engine {

class SealedFile {
 public:
  // `name` is for people who look into /proc. Fails with io_failed, and with malformed when the
  // bytes are not those of `build`; that is asked of the file, after it was sealed.
  [[nodiscard]] static Result<SealedFile> make(const Frames& parts, const ContentHash& build,
                                               const std::string& name);

  SealedFile(SealedFile&& other) noexcept;
  SealedFile& operator=(SealedFile&& other) noexcept;
  SealedFile(const SealedFile&) = delete;
  SealedFile& operator=(const SealedFile&) = delete;
  ~SealedFile();

  // The bytes, mapped; for as long as this lives.
  [[nodiscard]] std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

  // Where it can be opened, by this process, until it dies.
  [[nodiscard]] std::string path() const;

  // The descriptor stays open for ever: the dynamic loader knows a library by its path, which must
  // not be given to another one.
  void keep_for_ever();

 private:
  SealedFile() = default;

  int fd_ = -1;
  void* data_ = nullptr;  // mapped
  std::size_t size_ = 0;
};

}  // namespace roundhouse::engine
