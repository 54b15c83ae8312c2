#include "engine/shipped_modules.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "engine/elf.hpp"
#include "engine/sealed_file.hpp"

namespace roundhouse::engine {
namespace {

std::string described(const ContentHash& build, const ModuleInfo& info) {
  return std::string(info.name) + " (build " + short_text(build) + ")";
}

}  // namespace

ShippedModules::~ShippedModules() {
  for (const auto& [build, entry] : builds_)
    if (entry.info != nullptr) entry.info->attach(nullptr);
}

Result<const ModuleInfo*> ShippedModules::open(const ModuleBytes& module) {
  Result<SealedFile> file = SealedFile::make(module.parts, module.build, module.name);
  if (!file)
    return Error{file.error().code,
                 "cannot load the module '" + module.name + "': " + file.error().text};
  if (const Result<void> sound = check_shared_library(file->bytes()); !sound)
    return Error{sound.error().code, "'" + module.name + "' " + sound.error().text};
  Result<OpenedModule> opened = open_module(file->path(), module.name);
  if (!opened) return opened.error();
  (void)opened->handle.release();
  file->keep_for_ever();
  return opened->info;
}

wire::Have ShippedModules::load(const ModuleBytes& module) {
  // Without the lock: initialisers may take long, and tasks are looked up meanwhile.
  const Result<const ModuleInfo*> opened = open(module);
  wire::Have have;
  if (opened) {
    (*opened)->attach(&engine_);
    have = have_of(module.build, module.name, module.size, **opened);
  } else {
    have.build = module.build, have.name = module.name, have.size = module.size;
    have.code = to_string(opened.error().code), have.text = opened.error().text;
  }
  const std::unique_lock lock(mutex_);
  Build& entry = builds_[module.build];
  entry.info = opened ? *opened : nullptr;
  entry.failure = have.text;
  entry.order = std::max(entry.order, module.order);
  return have;
}

void ShippedModules::set_order(const ContentHash& build, std::uint64_t order) {
  const std::unique_lock lock(mutex_);
  builds_[build].order = order;
}

Result<const ModuleInfo*> ShippedModules::find(const ContentHash& build) const {
  const std::shared_lock lock(mutex_);
  const auto found = builds_.find(build);
  if (found != builds_.end() && found->second.info != nullptr) return found->second.info;
  const std::string why = found == builds_.end() || found->second.failure.empty()
                              ? "it was never sent here"
                              : found->second.failure;
  return Error{Errc::unknown_module,
               "the build " + short_text(build) + " is not loaded on this engine: " + why};
}

std::optional<ShippedModules::Found> ShippedModules::find_latest(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  std::optional<Found> out;
  std::uint64_t order = 0;
  for (const auto& [build, entry] : builds_) {
    if (entry.info == nullptr || (out && entry.order < order)) continue;
    const TaskInfo* task = find_task_in(*entry.info, name);
    if (task == nullptr) continue;
    out = Found{task, described(build, *entry.info)};
    order = entry.order;
  }
  return out;
}

bool ShippedModules::has(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  return std::ranges::any_of(builds_, [name](const auto& build) {
    return build.second.info != nullptr && name == build.second.info->name;
  });
}

std::vector<std::string> ShippedModules::names() const {
  const std::shared_lock lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [build, entry] : builds_)
    if (entry.info != nullptr) out.push_back(described(build, *entry.info));
  return out;
}

std::vector<std::string> ShippedModules::tasks() const {
  const std::shared_lock lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [build, entry] : builds_) {
    if (entry.info == nullptr) continue;
    for (const TaskInfo* task = entry.info->tasks(); task != nullptr; task = task->next)
      out.emplace_back(task->name);
  }
  return out;
}

}  // namespace roundhouse::engine
