#include "engine/module.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <utility>

#include <dlfcn.h>
#include <sys/stat.h>

#include "engine/builtin_tasks.hpp"
#include "shared/spelling.hpp"
#include <roundhouse/task.hpp>
#include <roundhouse/type_name.hpp>

namespace roundhouse::engine {

namespace {

std::string_view without_namespace(std::string_view name) {
  const std::size_t colons = name.rfind("::");
  return colons == std::string_view::npos ? name : name.substr(colons + 2);
}

// Whether `known` may be what was meant by `name`: spelt nearly so, or in another namespace.
bool resembles(std::string_view name, std::string_view known) {
  return without_namespace(name) == without_namespace(known) || nearly_the_same(name, known);
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out.append(out.empty() ? "" : ", ").append(word);
  return out;
}

std::string absolute(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), &std::free);
  return real == nullptr ? std::string() : std::string(real.get());
}

std::string described(const ModuleSet::Module& module) {
  return std::string(module.info->name) + " (" + module.path + ")";
}

// Closes a library that was opened and then refused.
using Handle = std::unique_ptr<void, int (*)(void*)>;

}  // namespace

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

ModuleSet::~ModuleSet() {
  for (const Loaded& loaded : modules_) loaded.module.info->attach(nullptr);
}

Result<void> ModuleSet::load(const std::string& path) {
  Loaded loaded;
  loaded.module.path = absolute(path);
  if (loaded.module.path.empty())
    return {Errc::unknown_module, "cannot load the module '" + path + "': " + std::strerror(errno)};
  const Result<FileStamp> stamp = stamp_of(loaded.module.path);
  if (!stamp) return stamp.error();
  loaded.stamp = *stamp;

  const std::unique_lock lock(mutex_);
  for (const Loaded& known : modules_) {
    if (known.module.path != loaded.module.path) continue;
    if (known.stamp == loaded.stamp) return {};
    return {Errc::refused, "the module '" + path +
                               "' was changed after this engine had loaded it: "
                               "restart the engine to use the new one"};
  }
  Handle handle(::dlopen(loaded.module.path.c_str(), RTLD_NOW | RTLD_LOCAL), &::dlclose);
  if (handle == nullptr) {
    const char* reason = ::dlerror();
    return {Errc::unknown_module,
            "cannot load the module '" + path +
                "': " + (reason == nullptr ? "the dynamic loader refuses it" : reason)};
  }
  const auto entry = reinterpret_cast<ModuleEntry>(::dlsym(handle.get(), kModuleEntry));
  if (entry == nullptr)
    return {Errc::unknown_module, "'" + path +
                                      "' is a shared library but no module: build it with "
                                      "roundhouse_add_module()"};
  loaded.module.info = entry();
  if (Result<void> checked = check_module(loaded.module.info, path); !checked) return checked;
  loaded.handle = handle.get();
  Result<void> added = add(std::move(loaded));
  if (added) (void)handle.release();
  return added;
}

Result<void> ModuleSet::add(Loaded loaded) {
  const ModuleInfo& info = *loaded.module.info;
  // One file under two names is loaded once by the dynamic loader, and so it is here.
  for (const Loaded& known : modules_) {
    if (known.handle == loaded.handle) return {};
  }
  std::unordered_map<std::string_view, Found> added;
  for (const TaskInfo* task = info.tasks(); task != nullptr; task = task->next) {
    if (const auto known = tasks_.find(task->name); known != tasks_.end())
      return {Errc::refused, "the module '" + loaded.module.path + "' has a task named " +
                                 std::string(task->name) + ", and so has " +
                                 described(modules_[known->second.module].module) +
                                 ", which is loaded already: rename one of them, or load only one"};
    const auto [place, is_new] = added.try_emplace(task->name, Found{task, modules_.size()});
    if (!is_new && place->second.task->address != task->address)
      return {Errc::refused, "the module '" + loaded.module.path + "' has two tasks named " +
                                 std::string(task->name) +
                                 ": register them outside their namespaces, as "
                                 "RH_TASK(their_namespace::" +
                                 std::string(task->name) + ")"};
  }
  tasks_.merge(added);
  info.attach(&engine_);
  modules_.push_back(std::move(loaded));
  return {};
}

Result<const TaskInfo*> ModuleSet::find(std::string_view name, std::string_view signature) const {
  const TaskInfo* task = nullptr;
  if (name.starts_with(kBuiltinPrefix)) {
    task = find_builtin_task(name);
    if (task != nullptr) return task;
  }
  const std::shared_lock lock(mutex_);
  const auto found = tasks_.find(name);
  if (found == tasks_.end()) return unknown_function(name);
  task = found->second.task;
  if (signature.empty() || signature == task->signature) return task;
  return {Errc::wrong_signature,
          describe(*task) + " in the module " + described(modules_[found->second.module].module) +
              ", but it was called as one that " + readable_signature(signature)};
}

std::vector<ModuleSet::Module> ModuleSet::modules() const {
  const std::shared_lock lock(mutex_);
  std::vector<Module> out;
  out.reserve(modules_.size());
  for (const Loaded& loaded : modules_) out.push_back(loaded.module);
  return out;
}

std::vector<const TaskInfo*> ModuleSet::tasks() const {
  const std::shared_lock lock(mutex_);
  std::vector<const TaskInfo*> out;
  out.reserve(tasks_.size());
  for (const auto& [name, found] : tasks_) out.push_back(found.task);
  std::ranges::sort(out, {}, &TaskInfo::name);
  return out;
}

Result<ModuleSet::FileStamp> ModuleSet::stamp_of(const std::string& path) {
  struct stat status {};

  if (::stat(path.c_str(), &status) != 0)
    return {Errc::unknown_module, "cannot load the module '" + path + "': " + std::strerror(errno)};
  constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
  return FileStamp{status.st_dev, status.st_ino,
                   status.st_mtim.tv_sec * kNanosecondsPerSecond + status.st_mtim.tv_nsec};
}

Error ModuleSet::unknown_function(std::string_view name) const {
  constexpr std::size_t kShownMax = 5;
  std::string text = "no task is named " + quoted(name);
  if (name.starts_with(kBuiltinPrefix)) {
    text += "; this engine has ";
    for (const TaskInfo& task : builtin_tasks())
      text += (&task == builtin_tasks().data() ? "" : ", ") + std::string(task.name);
    return {Errc::unknown_function, text};
  }
  if (modules_.empty())
    return {Errc::unknown_function, text +
                                        ": this engine has loaded no module; start with "
                                        "`roundhouse start --module PATH`"};
  std::vector<std::string> alike;
  for (const auto& [known, found] : tasks_) {
    if (resembles(name, known)) alike.emplace_back(known);
  }
  std::ranges::sort(alike);
  if (alike.size() > kShownMax) alike.resize(kShownMax);
  if (!alike.empty()) text += ", did you mean " + joined(alike) + "?";
  std::vector<std::string> loaded;
  for (const Loaded& each : modules_) loaded.push_back(described(each.module));
  return {Errc::unknown_function,
          text + (alike.empty() ? "; " : " ") + "Loaded modules: " + joined(loaded)};
}

}  // namespace roundhouse::engine
