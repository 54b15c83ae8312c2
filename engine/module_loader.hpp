#pragma once

// THREAD. ModuleLoader: loads the modules that clients ship, one after the other, on a thread of
// its own: initialisers of modules may take their time, and neither tasks nor heartbeats wait for
// them. The thread begins with the first module. Thread rule: any thread.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "engine/core/outbox.hpp"
#include "engine/page.hpp"
#include "engine/shipped_modules.hpp"
#include "shared/module_messages.hpp"

namespace roundhouse::engine {

class ModuleLoader {
 public:
  // `modules` outlives the loader. `tell` is called on the loader's thread, once per module. What
  // is being loaded is said in the page, if there is one: a module can kill the process.
  ModuleLoader(ShippedModules& modules, std::function<void(wire::Have)> tell, Page* page = nullptr);
  ModuleLoader(const ModuleLoader&) = delete;
  ModuleLoader& operator=(const ModuleLoader&) = delete;
  // Waits for the module that is being loaded; the others are dropped.
  ~ModuleLoader();

  void push(ModuleBytes module);

 private:
  void run(const std::stop_token& stop);

  ShippedModules& modules_;
  const std::function<void(wire::Have)> tell_;
  Page* const page_;
  std::mutex mutex_;  // guards all below
  std::condition_variable_any more_;
  std::deque<ModuleBytes> waiting_;
  std::jthread thread_;
};

}  // namespace roundhouse::engine
