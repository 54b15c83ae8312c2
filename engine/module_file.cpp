#include "engine/module_file.hpp"

#include <dlfcn.h>

#include "engine/builtin_tasks.hpp"
#include <roundhouse/task.hpp>
#include <roundhouse/type_name.hpp>

namespace roundhouse::engine {

Result<void> check_module(const ModuleInfo* info, const std::string& path) {
  if (info == nullptr) return {Errc::refused, "the module '" + path + "' does not describe itself"};
  if (info->abi_version != kModuleAbiVersion)
    return {Errc::version, "the module '" + path +
                               "' was built with another version of Roundhouse "
                               "(module interface " +
                               std::to_string(info->abi_version) + ", this engine has " +
                               std::to_string(kModuleAbiVersion) +
                               "): build it again with the headers of this one"};
  if (std::string_view(info->abi) != kModuleAbi)
    return {Errc::version, "the module '" + path + "' was built with " + info->abi +
                               ", and this engine with " + kModuleAbi +
                               ": build it again with the compiler settings of the engine"};
  for (const TaskInfo* task = info->tasks(); task != nullptr; task = task->next) {
    if (const std::string problem = naming_problem(task->signature); !problem.empty())
      return {Errc::refused, "the module '" + path + "' cannot be used: its task " +
                                 std::string(task->name) + " (" + task->file + ":" +
                                 std::to_string(task->line) + ") " +
                                 readable_signature(task->signature) + ", but " + problem};
    if (task->name.starts_with(kBuiltinPrefix))
      return {Errc::refused, "the module '" + path + "' has a task named " +
                                 std::string(task->name) + "; names that begin with '" +
                                 std::string(kBuiltinPrefix) + "' belong to the engine"};
  }
  return {};
}

Result<OpenedModule> open_module(const std::string& path, const std::string& shown) {
  OpenedModule out{{::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL), &::dlclose}, nullptr};
  if (out.handle == nullptr) {
    const char* words = ::dlerror();
    std::string reason = words == nullptr ? "the dynamic loader refuses it" : words;
    if (const std::size_t at = reason.find(path); at != std::string::npos)
      reason.replace(at, path.size(), shown);
    return Error{Errc::unknown_module, "cannot load the module '" + shown + "': " + reason};
  }
  const auto entry = reinterpret_cast<ModuleEntry>(::dlsym(out.handle.get(), kModuleEntry));
  if (entry == nullptr)
    return Error{Errc::unknown_module, "'" + shown +
                                           "' is a shared library but no module: build it with "
                                           "roundhouse_add_module()"};
  out.info = entry();
  if (Result<void> checked = check_module(out.info, shown); !checked) return checked.error();
  return out;
}

const TaskInfo* find_task_in(const ModuleInfo& module, std::string_view name) {
  for (const TaskInfo* task = module.tasks(); task != nullptr; task = task->next)
    if (task->name == name) return task;
  return nullptr;
}

wire::Have have_of(const ContentHash& build, const std::string& name, std::uint64_t size,
                   const ModuleInfo& module) {
  wire::Have out;
  out.build = build, out.name = name, out.size = size;
  std::size_t bytes = 0;
  for (const TaskInfo* task = module.tasks(); task != nullptr; task = task->next) {
    bytes += task->name.size() + sizeof(std::uint32_t);
    out.tasks.emplace_back(task->name);
  }
  if (bytes > wire::kTaskNamesBytesMax) out.tasks.clear();
  return out;
}

}  // namespace roundhouse::engine
