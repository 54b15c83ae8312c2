#pragma once

// OS. One module: opening a shared library, and whether this engine can use it.
//
// Plain functions; any thread. Opening runs the module's initialisers.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "shared/content_hash.hpp"
#include "shared/module_messages.hpp"
#include <roundhouse/module_abi.hpp>
#include <roundhouse/result.hpp>

namespace roundhouse::engine {

// Whether a module can be used by this engine at all: looks at nothing but the two ABI fields
// before these agree. Errc::version or Errc::refused; `path` is for the text.
[[nodiscard]] Result<void> check_module(const ModuleInfo* info, const std::string& path);

struct OpenedModule {
  std::unique_ptr<void, int (*)(void*)> handle;  // of dlopen; closes it
  const ModuleInfo* info = nullptr;
};

// Opens the library at `path`, which texts call `shown`. Errc::unknown_module when the dynamic
// loader refuses it or it is no module, and as check_module().
[[nodiscard]] Result<OpenedModule> open_module(const std::string& path, const std::string& shown);

// Null when it has none of this name.
[[nodiscard]] const TaskInfo* find_task_in(const ModuleInfo& module, std::string_view name);

// What the hub is told of a module that is loaded.
[[nodiscard]] wire::Have have_of(const ContentHash& build, const std::string& name,
                                 std::uint64_t size, const ModuleInfo& module);

}  // namespace roundhouse::engine
