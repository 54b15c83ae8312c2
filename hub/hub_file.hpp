#pragma once

// DISK. HubFile: what the next hub of a cluster must know even when its store keeps nothing on
// disk: the epoch, so that it can raise it, the engines, so that each has its id again, and what
// holds until the cluster is stopped: the policy that was set, and who was given up. A small text
// file, written anew as a whole: `epoch N`, then a line per engine, per one that was given up, and
// for the policy. Thread rule: as Store.

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

  // That was set since the cluster was started; empty: none.
  [[nodiscard]] const std::string& policy() const { return policy_; }

  // Takes note of engines that joined or left, of a policy that was set, and of the end. The file
  // is written once, if there was one; that it could not be is a warning in the log: the next hub
  // then gives that engine another id.
  void note(std::span<const Fact> facts);

 private:
  [[nodiscard]] bool write() const;
  bool note(const Fact& fact);

  std::string path_;
  std::uint64_t epoch_ = 0;
  std::string policy_;
  std::map<std::uint32_t, Restored::Engine> engines_;
};

}  // namespace roundhouse::hub
