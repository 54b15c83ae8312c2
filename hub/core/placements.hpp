#pragma once

// CORE. Placements: on which engines the latest tasks ended, for those that follow them. Of a
// million tasks or more, the ones that were heard of last; what is older, or of an earlier hub, the
// database is asked for. Four bytes a task, 4 MiB at most. Thread rule: the router's thread.

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>

#include "hub/core/fact.hpp"
#include "hub/core/task_table.hpp"

namespace roundhouse::hub {

class Placements {
 public:
  // `engine` kNoEngine: it ended without having run.
  void note(SessionNumber session, std::uint64_t sequence, EngineIndex engine) {
    block_of(session, sequence / kBlock)[sequence % kBlock] = engine;
  }

  // Nothing: not known here. kNoEngine: it did not run anywhere.
  [[nodiscard]] std::optional<EngineIndex> find(SessionNumber session,
                                                std::uint64_t sequence) const {
    const auto found = blocks_.find(key_of(session, sequence / kBlock));
    if (found == blocks_.end()) return std::nullopt;
    const EngineIndex engine = (*found->second)[sequence % kBlock];
    return engine == kUnknown ? std::nullopt : std::optional(engine);
  }

  // Records are purged: what is asked from now on, the database knows better.
  void clear() {
    blocks_.clear(), order_.clear();
    last_ = nullptr;
  }

 private:
  static constexpr std::uint64_t kBlock = 512;
  static constexpr std::size_t kBlocksMax = 2048;
  static constexpr EngineIndex kUnknown = kNoEngine - 1;
  using Block = std::array<EngineIndex, kBlock>;

  [[nodiscard]] static std::uint64_t key_of(SessionNumber session, std::uint64_t block) {
    return (std::uint64_t{session} << 32U) | block;
  }

  Block& block_of(SessionNumber session, std::uint64_t number) {
    const std::uint64_t key = key_of(session, number);
    if (last_ != nullptr && last_key_ == key) return *last_;
    auto& block = blocks_[key];
    if (block == nullptr) {
      block = std::make_unique<Block>();
      block->fill(kUnknown);
      order_.push_back(key);
    }
    last_ = block.get(), last_key_ = key;
    if (order_.size() > kBlocksMax) {  // never the newest, which is at the other end
      blocks_.erase(order_.front());
      order_.pop_front();
    }
    return *last_;
  }

  std::unordered_map<std::uint64_t, std::unique_ptr<Block>> blocks_;
  std::deque<std::uint64_t> order_;  // of being made
  Block* last_ = nullptr;
  std::uint64_t last_key_ = 0;
};

}  // namespace roundhouse::hub
