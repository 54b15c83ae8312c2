// CORE. EngineList: the engines that the hub has, kept current by hints.
//
// Hints on the topic `engines` are numbered; after a gap, or from another hub, the list is asked
// for again with the verb `engines`. Thread rule: one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "shared/message.hpp"
#include <roundhouse/ids.hpp>
#include <roundhouse/result.hpp>

namespace roundhouse::client {

struct EngineEntry {
  EngineId id;
  Uuid uuid;
  std::uint32_t incarnation = 0;
  std::uint32_t slots = 1;

  friend bool operator==(const EngineEntry&, const EngineEntry&) = default;
};

class EngineList {
 public:
  enum class Change : std::uint8_t { none, changed, ask };

  // `ask`: something was missed, ask for the whole list.
  [[nodiscard]] Change on_hint(const wire::Hint& hint);
  // The body of the answer to `engines`, from the hub of `epoch`. Returns whether anything is
  // different now; malformed when the body cannot be read, and then nothing has changed.
  [[nodiscard]] Result<bool> on_answer(const wire::Raw& body, std::uint64_t epoch);

  // By id; without those of restarting().
  [[nodiscard]] const std::map<EngineId, EngineEntry>& engines() const { return engines_; }

  // Those whose process is over, and whose nanny starts the next: calls to them wait for it.
  [[nodiscard]] const std::map<EngineId, EngineEntry>& restarting() const { return restarting_; }

  [[nodiscard]] bool known() const { return known_; }  // an answer has come

 private:
  std::map<EngineId, EngineEntry> engines_;
  std::map<EngineId, EngineEntry> restarting_;
  std::uint64_t epoch_ = 0;
  std::uint64_t number_ = 0;  // the last hint that the list takes account of
  bool known_ = false;
};

}  // namespace roundhouse::client
