#pragma once

// OS. ShippedModules: the modules that clients have shipped to this engine, by build.
//
// Each is loaded from memory, apart from all others, and stays. One name may be in several of them:
// who names no build gets the one of the highest order, which is the hub's: the same on every
// engine. Thread rule: any thread; load() one at a time.

#include <cstdint>
#include <map>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/outbox.hpp"
#include "engine/module_file.hpp"
#include "shared/content_hash.hpp"
#include "shared/module_messages.hpp"
#include <roundhouse/module_abi.hpp>
#include <roundhouse/result.hpp>

namespace roundhouse::engine {

class ShippedModules {
 public:
  // `engine` is what the modules' this_engine speaks to; must outlive the set.
  explicit ShippedModules(EngineApi& engine) : engine_(engine) {}

  ShippedModules(const ShippedModules&) = delete;
  ShippedModules& operator=(const ShippedModules&) = delete;
  // The modules take leave of the engine and stay loaded.
  ~ShippedModules();

  // Checks the hash and the form of the bytes, loads them, and says what came of it. Codes:
  // unknown_module, version, refused, malformed, io_failed. May be tried again after a failure.
  [[nodiscard]] wire::Have load(const ModuleBytes& module);
  // The hub's order of this build is another one now.
  void set_order(const ContentHash& build, std::uint64_t order);

  // Errc::unknown_module with the reason when it is not loaded.
  [[nodiscard]] Result<const ModuleInfo*> find(const ContentHash& build) const;

  // Whether some build of a module of this name is loaded.
  [[nodiscard]] bool has(std::string_view name) const;

  struct Found {
    const TaskInfo* task = nullptr;
    std::string module;  // for texts
  };

  // The task in the latest module that has it.
  [[nodiscard]] std::optional<Found> find_latest(std::string_view name) const;

  // "survey (build 0123456789ab)" of each that is loaded; names of all tasks. For texts.
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] std::vector<std::string> tasks() const;

 private:
  struct Build {
    const ModuleInfo* info = nullptr;  // null: it failed
    std::string failure;
    std::uint64_t order = 0;
  };

  [[nodiscard]] Result<const ModuleInfo*> open(const ModuleBytes& module);

  EngineApi& engine_;
  mutable std::shared_mutex mutex_;  // guards all below
  std::map<ContentHash, Build> builds_;
};

}  // namespace roundhouse::engine
