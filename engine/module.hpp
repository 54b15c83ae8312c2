#pragma once

// OS. ModuleSet: the modules that an engine has loaded, and the tasks in them.
//
// A task is found by name and signature. A name belongs to one module: a second module that has a
// task of the same name is refused as a whole, since a caller could not tell which one ran.
// Loading the same file again does nothing; a file that was rebuilt since is refused, for nothing
// is ever unloaded. Modules that clients ship are a set of their own (shipped_modules.hpp), in
// which one name may be in several builds; tasks say which builds they mean. Thread rule: any
// thread; load() may wait for the disk and runs the module's initialisers.

#include <cstddef>
#include <cstdint>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/module_file.hpp"
#include "engine/shipped_modules.hpp"
#include "shared/content_hash.hpp"
#include <roundhouse/module_abi.hpp>
#include <roundhouse/result.hpp>

namespace roundhouse::engine {

class ModuleSet {
 public:
  struct Module {
    std::string path;  // absolute, without symbolic links
    const ModuleInfo* info = nullptr;
    ContentHash build;  // of the file
    std::uint64_t size = 0;
  };

  // `engine` is what the modules' this_engine speaks to; must outlive the set.
  explicit ModuleSet(EngineApi& engine) : engine_(engine), shipped_(engine) {}

  ModuleSet(const ModuleSet&) = delete;
  ModuleSet& operator=(const ModuleSet&) = delete;
  // The modules take leave of the engine and stay loaded.
  ~ModuleSet();

  // Loads the shared library at `path`. Errc::unknown_module when it is not there or the dynamic
  // loader refuses it; Errc::version when it was built for another Roundhouse or C++ library;
  // Errc::refused when it has a task that another module has, or one whose types nobody can name.
  // After an error the set is as before.
  Result<void> load(const std::string& path);

  // The task of this name, built-in ones included; an empty signature fits any. Looked for in these
  // builds, one after the other, then in the modules that were loaded by path, then in what was
  // shipped last. Never null when ok. Errc::unknown_function or Errc::wrong_signature, with a text
  // for the caller of the task; Errc::unknown_module when a build that may have it is not here.
  // `lasting` says, if asked for, whether the answer holds for ever.
  [[nodiscard]] Result<const TaskInfo*> find(std::string_view name, std::string_view signature,
                                             std::span<const ContentHash> builds = {},
                                             bool* lasting = nullptr) const;
  // The module of this build. Errc::unknown_module with the reason why it is not here.
  [[nodiscard]] Result<const ModuleInfo*> find_build(const ContentHash& build) const;

  // Whether a module of this name is loaded or was shipped here; `name` is what was given to
  // roundhouse_add_module(), with or without ".so".
  [[nodiscard]] bool has_module(std::string_view name) const;

  [[nodiscard]] ShippedModules& shipped() { return shipped_; }

  // In the order of loading.
  [[nodiscard]] std::vector<Module> modules() const;
  // Tasks of all modules, sorted by name, without the built-in ones.
  [[nodiscard]] std::vector<const TaskInfo*> tasks() const;
  // These, and of what was shipped the last build that has a name.
  [[nodiscard]] std::vector<const TaskInfo*> functions() const;

 private:
  // Tells a file from one that took its place.
  struct FileStamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t changed_ns = 0;
    friend bool operator==(const FileStamp&, const FileStamp&) = default;
  };

  struct Loaded {
    Module module;
    FileStamp stamp;
    void* handle = nullptr;
  };

  struct Found {
    const TaskInfo* task = nullptr;
    std::size_t module = 0;  // index into modules_
  };

  [[nodiscard]] static Result<FileStamp> stamp_of(const std::string& path);
  [[nodiscard]] Result<void> add(Loaded loaded);
  [[nodiscard]] Error unknown_function(std::string_view name) const;

  EngineApi& engine_;
  mutable std::shared_mutex mutex_;  // guards all below
  std::vector<Loaded> modules_;
  std::unordered_map<std::string_view, Found> tasks_;
  ShippedModules shipped_;
};

}  // namespace roundhouse::engine
