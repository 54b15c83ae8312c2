#include "engine/module_loader.hpp"

#include <utility>

#include "shared/log.hpp"

namespace roundhouse::engine {

ModuleLoader::ModuleLoader(ShippedModules& modules, std::function<void(wire::Have)> tell,
                           Page* page)
    : modules_(modules), tell_(std::move(tell)), page_(page) {}

ModuleLoader::~ModuleLoader() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void ModuleLoader::push(ModuleBytes module) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(module));
    if (!thread_.joinable())
      thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  more_.notify_one();
}

void ModuleLoader::run(const std::stop_token& stop) {
  while (true) {
    ModuleBytes module;
    {
      std::unique_lock lock(mutex_);
      if (!more_.wait(lock, stop, [this] { return !waiting_.empty(); })) return;
      if (stop.stop_requested()) return;
      module = std::move(waiting_.front());
      waiting_.pop_front();
    }
    if (page_ != nullptr) page_->begin_loading(module.build);
    wire::Have have = modules_.load(module);
    if (page_ != nullptr) page_->end_loading();
    const bool loaded = have.code.empty();
    log::info(
        loaded ? "module_loaded" : "module_refused",
        {{"module", module.name}, {"build", short_text(module.build)}, {"reason", have.text}});
    tell_(std::move(have));
  }
}

}  // namespace roundhouse::engine
