#include "cli/console_engines.hpp"

#include <algorithm>
#include <utility>

#include "cli/by_engine.hpp"
#include "cli/connect.hpp"

namespace roundhouse::cli {

namespace {

std::string sentence(const EngineEvent& event) {
  const std::string engine = "engine " + std::to_string(event.engine);
  switch (event.kind) {
    case EngineEvent::Kind::joined: return engine + " has joined";
    case EngineEvent::Kind::left: return engine + " is gone";
    case EngineEvent::Kind::restarted:
      return engine + " runs as a new process: what was declared there is gone";
  }
  return engine;
}

// Whether its nanny is starting it again.
bool will_return(const Client& client, int engine) {
  try {
    return std::ranges::binary_search(known_engines(client), engine);
  } catch (const Exception&) {
    return false;
  }
}

}  // namespace

ConsoleEngines::ConsoleEngines(const AskOptions& ask, const std::string& selector, Tell tell)
    : ask_(ask), tell_(std::move(tell)) {
  connect_again();
  choose(selector);
}

void ConsoleEngines::connect_again() {
  news_ = {};
  client_.reset();
  client_ = std::make_shared<Client>(connect(ask_));
  const std::weak_ptr<Client> client = client_;  // which owns the call
  news_ = client_->on_engine([this, client](const EngineEvent& event) { hear(client, event); });
}

void ConsoleEngines::hear(const std::weak_ptr<Client>& client, const EngineEvent& event) {
  const std::shared_ptr<Client> hub = client.lock();
  if (event.kind == EngineEvent::Kind::left && hub != nullptr && will_return(*hub, event.engine))
    return;
  tell_(sentence(event));
}

std::shared_ptr<Client> ConsoleEngines::client() {
  try {
    (void)client_->ids();
  } catch (const ConnectionError&) {
    connect_again();
  }
  return client_;
}

std::vector<int> ConsoleEngines::present() {
  try {
    return known_engines(*client_);
  } catch (const ConnectionError&) {
    return {};  // whoever sends an input asks for another client
  }
}

void ConsoleEngines::choose(const std::string& selector) {
  if (selector == "all") return chosen_.clear();
  const std::vector<int> known = present();
  const std::vector<int> wanted = select_engines(selector, known);
  for (const int engine : wanted)
    if (!std::ranges::binary_search(known, engine))
      throw Exception(Errc::unknown_engine,
                      "there is no engine " + std::to_string(engine) +
                          (known.empty() ? ": none is here"
                                         : ": those that are here are " + engine_set(known)));
  chosen_ = wanted;
}

std::vector<int> ConsoleEngines::chosen() {
  std::vector<int> out = present();
  if (!chosen_.empty())
    std::erase_if(out, [&](int engine) { return !std::ranges::binary_search(chosen_, engine); });
  return out;
}

std::vector<int> ConsoleEngines::targets() {
  std::vector<int> out = chosen();
  if (!out.empty()) return out;
  if (is_hub_away()) throw no_hub(run_dir_of(ask_.cluster));
  if (!chosen_.empty() && !present().empty())
    throw NoEnginesRegistered(engines_named(chosen_) + (chosen_.size() == 1 ? " is" : " are") +
                              " gone: `%engines all` chooses those that are here");
  throw no_engines();
}

std::string ConsoleEngines::words() {
  const std::vector<int> engines = chosen();
  if (engines.empty()) return is_hub_away() ? "no hub" : "no engines";
  if (chosen_.empty())
    return std::to_string(engines.size()) + (engines.size() == 1 ? " engine" : " engines");
  return engines_named(engines);
}

bool ConsoleEngines::is_hub_away() const {
  return hub_state(run_dir_of(ask_.cluster)) != HubState::here;
}

}  // namespace roundhouse::cli
