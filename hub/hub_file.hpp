#pragma once

// DISK. HubFile: what the next hub of a cluster must know even when its store keeps nothing on
// disk: the epoch, so that it can raise it, and the engines, so that each has its id again. A small
// text file, written anew as a whole: `epoch N`, then a line per engine. Thread rule: as Store.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hub/core/fact.hpp"

namespace roundhouse::hub {

class HubFile {
 public:
  // Reads it; what is missing or cannot be read counts as a fresh cluster. An empty path: nothing
  // is kept beyond this object.
  explicit HubFile(std::string path);

  // Of the last hub; 0 when there was none.
  [[nodiscard]] std::uint64_t last_epoch() const { return epoch_; }

  // One more, on disk when this returns. Throws Exception(store_failed).
  std::uint64_t begin_epoch();

  // The engines of the cluster so far, by id; those that left for good, too.
  [[nodiscard]] std::vector<Restored::Engine> engines() const;

  // Of one of them; nothing when there is none of this id.
  [[nodiscard]] std::optional<Uuid> uuid_of(EngineId id) const;

  // Takes note of engines that joined or left. The file is written once, if there was one; that it
  // could not be is a warning in the log: the next hub then gives that engine another id.
  void note(std::span<const Fact> facts);

 private:
  [[nodiscard]] bool write() const;

  std::string path_;
  std::uint64_t epoch_ = 0;
  std::map<std::uint32_t, Restored::Engine> engines_;
};

}  // namespace roundhouse::hub
