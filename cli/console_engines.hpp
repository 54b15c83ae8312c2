// ConsoleEngines: the hub of a console, and the engines that its inputs are for. Those that come
// take part when all are meant; those whose process is just being started again count as there.
//
// Thread rule: one thread; news come on the client's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include <roundhouse/client.hpp>

namespace roundhouse::cli {

class ConsoleEngines {
 public:
  using Tell = std::function<void(const std::string& line)>;

  // `tell` is called with what happens to engines, by any thread. Throws as connect(), and for an
  // engine that is not there.
  ConsoleEngines(const AskOptions& ask, const std::string& selector, Tell tell);
  ConsoleEngines(const ConsoleEngines&) = delete;
  ConsoleEngines& operator=(const ConsoleEngines&) = delete;
  ~ConsoleEngines() = default;

  // Another one when the hub wants nothing to do with the last any more: throws as connect() then.
  [[nodiscard]] std::shared_ptr<Client> client();

  // The one that there is.
  [[nodiscard]] std::shared_ptr<Client> last_client() const { return client_; }

  // From now on these: "0,2-5", "last", "all". Throws Exception (unknown_engine), UsageError; then
  // nothing has changed.
  void choose(const std::string& selector);

  // Those that an input now is for. Throws NoEnginesRegistered, and ConnectionError without a hub.
  [[nodiscard]] std::vector<int> targets();

  // The same in words: "4 engines", "engine 2", "no engines", "no hub".
  [[nodiscard]] std::string words();

  // All that are there, ascending; none without a hub.
  [[nodiscard]] std::vector<int> present();

  // Whether this machine's hub does not run.
  [[nodiscard]] bool is_hub_away() const;

 private:
  void connect_again();
  void hear(const std::weak_ptr<Client>& client, const EngineEvent& event);
  [[nodiscard]] std::vector<int> chosen();

  const AskOptions ask_;
  const Tell tell_;
  std::shared_ptr<Client> client_;  // shared with those that ask it meanwhile
  std::vector<int> chosen_;         // empty: all
  Subscription news_;               // last member: no call begins after it
};

}  // namespace roundhouse::cli
