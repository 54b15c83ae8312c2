#include "engine/module.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <mutex>
#include <tuple>
#include <utility>

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

// The bytes of a file that is about to be loaded: their hash and their number.
Result<std::pair<ContentHash, std::uint64_t>> content_of(const std::string& path) {
  constexpr std::size_t kChunk = 1U << 20U;
  std::ifstream file(path, std::ios::binary);
  std::string chunk(kChunk, '\0');
  ContentHasher hasher;
  std::uint64_t size = 0;
  while (file) {
    file.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    const auto count = static_cast<std::size_t>(file.gcount());
    hasher.add(std::string_view(chunk).substr(0, count));
    size += count;
  }
  if (!file.eof()) return Error{Errc::unknown_module, "cannot read the module '" + path + "'"};
  return std::pair{hasher.finish(), size};
}

// The task, if it is called as what it is.
Result<const TaskInfo*> matching(const TaskInfo& task, std::string_view signature,
                                 const std::string& place) {
  if (signature.empty() || signature == task.signature) return &task;
  return Error{Errc::wrong_signature, describe(task) + " in " + place +
                                          ", but it was called as one that " +
                                          readable_signature(signature)};
}

std::string described(const ModuleSet::Module& module) {
  return std::string(module.info->name) + " (" + module.path + ")";
}

}  // namespace

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
  Result<std::pair<ContentHash, std::uint64_t>> content = content_of(loaded.module.path);
  if (!content) return content.error();
  std::tie(loaded.module.build, loaded.module.size) = *content;

  const std::unique_lock lock(mutex_);
  for (const Loaded& known : modules_) {
    if (known.module.path != loaded.module.path) continue;
    if (known.stamp == loaded.stamp) return {};
    return {Errc::refused, "the module '" + path +
                               "' was changed after this engine had loaded it: "
                               "restart the engine to use the new one"};
  }
  Result<OpenedModule> opened = open_module(loaded.module.path, path);
  if (!opened) return opened.error();
  loaded.module.info = opened->info;
  loaded.handle = opened->handle.get();
  Result<void> added = add(std::move(loaded));
  if (added) (void)opened->handle.release();
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

Result<const TaskInfo*> ModuleSet::find(std::string_view name, std::string_view signature,
                                        std::span<const ContentHash> builds, bool* lasting) const {
  if (lasting != nullptr) *lasting = true;
  if (name.starts_with(kBuiltinPrefix)) {
    if (const TaskInfo* task = find_builtin_task(name)) return task;
  }
  for (const ContentHash& build : builds) {
    const Result<const ModuleInfo*> module = find_build(build);
    if (!module) return module.error();
    if (const TaskInfo* task = find_task_in(**module, name))
      return matching(*task, signature,
                      "the build " + short_text(build) + " of " + (*module)->name);
  }
  const std::shared_lock lock(mutex_);
  if (const auto found = tasks_.find(name); found != tasks_.end())
    return matching(*found->second.task, signature,
                    "the module " + described(modules_[found->second.module].module));
  // A build that is loaded later will be meant by later calls.
  if (lasting != nullptr) *lasting = false;
  if (const auto found = shipped_.find_latest(name))
    return matching(*found->task, signature, "the build " + found->module);
  return unknown_function(name);
}

Result<const ModuleInfo*> ModuleSet::find_build(const ContentHash& build) const {
  {
    const std::shared_lock lock(mutex_);
    for (const Loaded& loaded : modules_)
      if (loaded.module.build == build) return loaded.module.info;
  }
  return shipped_.find(build);
}

bool ModuleSet::has_module(std::string_view name) const {
  constexpr std::string_view kSuffix = ".so";
  if (name.ends_with(kSuffix)) name.remove_suffix(kSuffix.size());
  const std::shared_lock lock(mutex_);
  const auto is_it = [name](const Loaded& loaded) { return name == loaded.module.info->name; };
  return std::ranges::any_of(modules_, is_it) || shipped_.has(name);
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

std::vector<const TaskInfo*> ModuleSet::functions() const {
  std::vector<const TaskInfo*> out = tasks();
  for (const std::string& name : shipped_.tasks())
    if (const auto found = shipped_.find_latest(name)) out.push_back(found->task);
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
  if (modules_.empty() && shipped_.names().empty())
    return {Errc::unknown_function, text +
                                        ": this engine has loaded no module; start with "
                                        "`roundhouse start --module PATH`"};
  std::vector<std::string> alike;
  for (const auto& [known, found] : tasks_) {
    if (resembles(name, known)) alike.emplace_back(known);
  }
  for (const std::string& known : shipped_.tasks())
    if (resembles(name, known)) alike.push_back(known);
  std::ranges::sort(alike);
  alike.erase(std::unique(alike.begin(), alike.end()), alike.end());
  if (alike.size() > kShownMax) alike.resize(kShownMax);
  if (!alike.empty()) text += ", did you mean " + joined(alike) + "?";
  std::vector<std::string> loaded;
  for (const Loaded& each : modules_) loaded.push_back(described(each.module));
  for (const std::string& each : shipped_.names()) loaded.push_back(each);
  return {Errc::unknown_function,
          text + (alike.empty() ? "; " : " ") + "Loaded modules: " + joined(loaded)};
}

}  // namespace roundhouse::engine
