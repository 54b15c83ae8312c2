// EngineNames: what is named on engines, for whoever completes a name: it asks them, and waits only
// a moment, since they may be busy; then what they said last has to do.
//
// Thread rule: one thread.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "shared/time.hpp"
#include <roundhouse/client.hpp>
#include <roundhouse/declared_names.hpp>

namespace roundhouse::cli {

// Asks one engine. When it has answered the hub forgets the question: it is in no history, where
// people look for what they did.
[[nodiscard]] AsyncResult<std::vector<DeclaredName>> ask_for_names(
    const std::shared_ptr<Client>& client, int engine);

class EngineNames {
 public:
  // The names on these engines, and the functions of loaded modules, as far as they are known
  // within `most`.
  [[nodiscard]] std::set<std::string> get(const std::shared_ptr<Client>& client,
                                          const std::vector<int>& engines, Duration most);

  // They may have changed: get() asks again.
  void outdate() { outdated_ = true; }

 private:
  void ask(const std::shared_ptr<Client>& client, const std::vector<int>& engines);
  // Takes in the answers that have come.
  void read();

  bool outdated_ = true;
  std::vector<AsyncResult<std::vector<DeclaredName>>> asked_;
  bool answered_ = false;  // somebody has, since they were asked last
  std::set<std::string> names_;
  std::mutex mutex_;
  std::set<std::string> functions_;
  bool asking_hub_ = false;
  std::jthread thread_;  // last member: joined first
};

}  // namespace roundhouse::cli
