#include "cli/engine_names.hpp"

#include <algorithm>
#include <utility>

#include "shared/clock.hpp"

namespace roundhouse::cli {

namespace {

constexpr std::size_t kAskedMax = 8;  // of many engines: they mostly have the same names

}  // namespace

AsyncResult<std::vector<DeclaredName>> ask_for_names(const std::shared_ptr<Client>& client,
                                                     int engine) {
  ApplyMessage message{.function = kDeclaredTask};
  message.engines = {engine};
  Encoded nothing = encode_values();
  auto asked = client->send_apply_message(message, {&nothing, 1}).as<std::vector<DeclaredName>>();
  asked.on_done([hub = std::weak_ptr(client)](const auto& done) {
    const std::shared_ptr<Client> still = hub.lock();
    if (still == nullptr) return;
    try {
      (void)still->purge_results(done);
    } catch (const Exception&) {  // then it is in the history
    }
  });
  return asked;
}

std::set<std::string> EngineNames::get(const std::shared_ptr<Client>& client,
                                       const std::vector<int>& engines, Duration most) {
  const TimePoint end = steady_now() + most;
  read();
  if (outdated_ && asked_.empty()) ask(client, engines);
  for (const auto& each : asked_) (void)each.wait(std::max(end - steady_now(), Duration::zero()));
  read();
  std::set<std::string> out = names_;
  const std::lock_guard lock(mutex_);
  out.insert(functions_.begin(), functions_.end());
  return out;
}

void EngineNames::ask(const std::shared_ptr<Client>& client, const std::vector<int>& engines) {
  outdated_ = false;
  answered_ = false;
  for (std::size_t i = 0; i < std::min(engines.size(), kAskedMax); ++i)
    asked_.push_back(ask_for_names(client, engines[i]));
  const std::lock_guard lock(mutex_);
  if (std::exchange(asking_hub_, true)) return;
  thread_ = std::jthread([this, client] {
    std::set<std::string> functions;
    try {
      for (const ModuleRecord& module : client->modules())
        functions.insert(module.tasks.begin(), module.tasks.end());
    } catch (const Exception&) {  // whoever presses a key has asked for no error
    }
    const std::lock_guard done(mutex_);
    functions_.insert(functions.begin(), functions.end());
    asking_hub_ = false;
  });
}

void EngineNames::read() {
  for (const auto& each : asked_) {
    if (!each.ready()) continue;
    const auto outcome = each.get(return_exceptions);
    if (!outcome) continue;
    if (!std::exchange(answered_, true)) names_.clear();
    for (const DeclaredName& name : outcome.value()) names_.insert(name.name);
  }
  std::erase_if(asked_, [](const auto& each) { return each.ready(); });
}

}  // namespace roundhouse::cli
