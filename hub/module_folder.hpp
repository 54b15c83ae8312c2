#pragma once

// DISK. ModuleFolder: the bytes of modules that clients shipped, a file each, named by its build.
//
// A file is written, whole, under another name and then renamed, before the transaction that speaks
// of it commits; it is deleted after the transaction that forgets it has. What no row speaks of is
// left over from a crash: sweep() deletes it. Thread rule: one thread at a time.

#include <functional>
#include <string>
#include <utility>

#include "shared/content_hash.hpp"
#include "shared/payload.hpp"
#include <roundhouse/result.hpp>

namespace roundhouse::hub {

class ModuleFolder {
 public:
  // Creates the folder, 0700, with the first file. `sync`: files reach the disk before write()
  // returns.
  ModuleFolder(std::string path, bool sync) : path_(std::move(path)), sync_(sync) {}

  // Does nothing when it is there. Throws Exception(store_failed).
  void write(const ContentHash& build, const Frames& parts);
  // In parts as they travel, checked against the build. Fails with store_failed.
  [[nodiscard]] Result<Frames> read(const ContentHash& build) const;
  // Fine when it is not there. Never throws.
  void remove(const ContentHash& build) noexcept;
  // Deletes the files that `known` does not want. Never throws.
  void sweep(const std::function<bool(const ContentHash&)>& known) noexcept;

 private:
  [[nodiscard]] std::string file(const ContentHash& build) const;

  const std::string path_;
  const bool sync_;
};

}  // namespace roundhouse::hub
