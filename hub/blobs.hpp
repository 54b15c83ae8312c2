#pragma once

// DISK. BlobFolder: payloads that are too large for a row, one file each.
//
// A file is written, whole, before the transaction that speaks of it commits, and deleted after the
// transaction that forgets it has: so one that no row speaks of is left over from a crash, and
// sweep() deletes it. Thread rule: one thread at a time.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "hub/core/payload_part.hpp"
#include "shared/payload.hpp"

namespace roundhouse::hub {

// Whose payload a file holds, beside the task's key in the database.
enum class BlobKind : char { result = 'r', submission = 's' };

class BlobFolder {
 public:
  // Creates the folder, 0700, with the first file. `sync`: files reach the disk before write()
  // returns.
  BlobFolder(std::string path, bool sync) : path_(std::move(path)), sync_(sync) {}

  // Returns the bytes of the file. Replaces one that is there. Throws Exception(store_failed).
  std::uint64_t write(BlobKind kind, std::int64_t key, std::string_view body, std::uint32_t spill,
                      const Frames& frames);

  struct Blob {
    std::string body;
    std::uint32_t spill = 0;
    Frames frames;
  };

  // Throws Exception(store_failed) when it is missing or damaged.
  [[nodiscard]] Blob read(BlobKind kind, std::int64_t key) const;

  // What `payload` of PROTOCOL 9 tells of it. Throws as read().
  [[nodiscard]] PayloadPart read_part(BlobKind kind, std::int64_t key, std::uint64_t offset) const;

  // Fine when it is not there. Never throws.
  void remove(BlobKind kind, std::int64_t key) noexcept;
  // Deletes the files that `known` does not want. Never throws.
  void sweep(const std::function<bool(BlobKind, std::int64_t)>& known) noexcept;

 private:
  [[nodiscard]] std::string file(BlobKind kind, std::int64_t key) const;

  const std::string path_;
  const bool sync_;
  bool made_ = false;
};

}  // namespace roundhouse::hub
