#pragma once

// CORE. ModuleTable: the modules that the hub has heard of, by build, and the bytes of those that
// it has in memory. Rules are in modules_kept.cpp. Thread rule: the router's thread.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "hub/core/fact.hpp"
#include "shared/check.hpp"
#include "shared/content_hash.hpp"
#include "shared/time.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::hub {

using ModuleIndex = std::uint32_t;

struct Module {
  ContentHash build;
  std::string name;
  std::uint64_t size = 0;
  std::uint64_t order = 0;         // of being loaded; 0: nobody has offered it yet
  bool everywhere = false;         // for all engines
  std::vector<std::string> tasks;  // since an engine has loaded it

  // Why engines that join are not offered it, until it is loaded afresh: it killed one while it
  // was loaded (engine_lost), or it was loaded nowhere, and somebody said why.
  bool loaded = false;  // some engine has loaded it, if only under an earlier hub
  std::string trouble_code;
  std::string trouble_text;

  // The bytes: in memory when `whole`, on disk when `stored`, else `received` of them have come.
  Frames parts;
  std::uint64_t received = 0;
  ContentHasher hasher;
  bool whole = false;
  bool stored = false;
  bool fetching = false;              // asked of the disk
  bool counted = false;               // its size is in the table's sum
  std::optional<std::uint64_t> fact;  // its ModuleKept, until that has committed
  TimePoint used_at;

  // Sessions whose clients offer it, on their present connection, and the one that sends it.
  std::set<SessionNumber> offerers;
  SessionNumber source = 0;
  std::uint64_t asked_through = 0;  // of the source

  // Why tasks that need it cannot run; empty: they can, or wait.
  std::string failure;
  std::optional<TimePoint> lacking_since;  // needed, and nobody offers it

  [[nodiscard]] bool kept() const { return whole || stored; }

  // It killed an engine, and is given to nobody.
  [[nodiscard]] bool deadly() const { return trouble_code == to_string(Errc::engine_lost); }

  // Engines that join are not offered it. What one of them is told not to load says nothing of it.
  [[nodiscard]] bool withheld() const {
    return !trouble_code.empty() && trouble_code != to_string(Errc::refused);
  }
};

// A module on its way to an engine, or on it.
struct EngineModule {
  enum class State : std::uint8_t { offered, sending, sent, loaded, failed };
  State state = State::offered;
  std::uint64_t sent_bytes = 0;
  std::uint64_t allowed = 0;  // may be sent up to this
  std::string code;           // of what failed
  std::string text;
  bool own = false;  // the engine was started with it

  [[nodiscard]] bool answered() const { return state == State::loaded || state == State::failed; }
};

class ModuleTable {
 public:
  static constexpr std::size_t kModulesMax = 16'384;
  static constexpr std::size_t kFailureTextMax = 4096;  // bytes, of why an engine has it not

  // Index of this build, known or new. Precondition: known, or !full().
  ModuleIndex index_of(const ContentHash& build) {
    const auto [place, fresh] =
        by_build_.try_emplace(build, static_cast<ModuleIndex>(modules_.size()));
    if (fresh) modules_.emplace_back(std::make_unique<Module>())->build = build;
    return place->second;
  }

  [[nodiscard]] std::optional<ModuleIndex> find(const ContentHash& build) const {
    const auto found = by_build_.find(build);
    return found == by_build_.end() ? std::nullopt : std::optional(found->second);
  }

  [[nodiscard]] Module& get(ModuleIndex index) {
    RH_CHECK(index < modules_.size());
    return *modules_[index];
  }

  [[nodiscard]] std::size_t size() const { return modules_.size(); }

  [[nodiscard]] bool full() const { return modules_.size() >= kModulesMax; }

  template <class F>
  void each(F&& f) {
    for (ModuleIndex index = 0; index < modules_.size(); ++index) f(index, *modules_[index]);
  }

  std::uint64_t bytes = 0;       // of what is kept or being received
  std::uint64_t last_order = 0;  // given to a module

 private:
  std::vector<std::unique_ptr<Module>> modules_;  // entries stay: a few hundred bytes each
  std::unordered_map<ContentHash, ModuleIndex> by_build_;
};

}  // namespace roundhouse::hub
