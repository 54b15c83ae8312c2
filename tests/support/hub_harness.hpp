#pragma once

// HubHarness: a Router and the people around it, in the words of the domain. Every message goes
// through the codec, invariants are checked after each step, and time moves only when told to.

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hub/core/router.hpp"
#include "shared/records.hpp"

namespace roundhouse::test {

using namespace std::chrono_literals;

class HubHarness;

// What the hub sent over one connection, decoded.
struct Inbox {
  std::vector<wire::MapMessage> messages;

  template <class M>
  [[nodiscard]] std::vector<M> all() const {
    std::vector<M> out;
    for (const auto& message : messages)
      if (const M* found = std::get_if<M>(&message)) out.push_back(*found);
    return out;
  }
};

struct FakeClient {
  SessionId session;
  Uuid secret;
  hub::LinkId task_link;
  hub::LinkId control_link;
  std::uint64_t connection = 0;
  std::uint64_t next_sequence = 1;
  std::uint32_t templates = 0;
  Inbox inbox;
  std::vector<wire::OutcomeRecord> outcomes;  // as they came, repeats included
  std::uint64_t outcome_number = 0;           // of the last one on this connection
  [[nodiscard]] const wire::OutcomeRecord& outcome_of(std::uint64_t sequence) const;
  [[nodiscard]] std::string error_of(std::uint64_t sequence) const;  // its name
  [[nodiscard]] std::string why(std::uint64_t sequence) const;       // its value
  [[nodiscard]] bool has(std::uint64_t sequence) const;

  // These tasks of it.
  [[nodiscard]] wire::TaskRange tasks(std::uint64_t first, std::uint64_t last = 0) const {
    return {session, first, std::max(first, last)};
  }
};

struct FakeEngine {
  Uuid uuid;
  std::uint32_t incarnation = 1;
  std::uint32_t slots = 1;
  hub::LinkId task_link;
  hub::LinkId control_link;
  Inbox inbox;
  EngineId id;
  std::map<std::uint32_t, wire::Define> templates;
  std::vector<wire::AssignRecord> held;  // assigned and not finished, oldest first
  std::uint64_t next_number = 1;
  std::uint64_t outcomes_sent = 0;
};

inline constexpr wire::DependencyMode kAnyFailure{true, false, true};
inline constexpr wire::DependencyMode kAllEnds{false, true, true};

struct TaskWish {
  std::uint32_t count = 1;
  std::vector<std::uint32_t> engines = {};  // direct when not empty
  std::vector<std::uint32_t> targets = {};
  std::uint32_t retries = 0;
  std::int32_t priority = 0;
  std::string body = "x";
  bool framed = false;  // its arguments have a bulk frame
  bool blank = false;   // it has ended, and its arguments are gone
  std::vector<ContentHash> builds = {};
  std::vector<wire::TaskRange> after = {};
  std::vector<wire::TaskRange> follow = {};
  wire::DependencyMode after_mode = {};
  wire::DependencyMode follow_mode = {};
  Duration timeout = {};
  std::uint32_t depth = 0;
};

class HubHarness {
 public:
  explicit HubHarness(hub::RouterOptions options = {}, hub::Restored restored = {});

  FakeClient& client_joins();
  FakeEngine& engine_joins(std::uint32_t slots = 1);
  void client_returns(FakeClient& client, const wire::Hello& extra = {});
  // The same process connects anew; `held` and what it has not had confirmed is up to the caller.
  void engine_returns(FakeEngine& engine, bool says_what_it_holds = true);
  // The same ones as at a hub before this.
  FakeClient& client_of_before(const FakeClient& client, const wire::Hello& extra = {});
  FakeEngine& engine_of_before(const FakeEngine& engine, bool says_what_it_holds = true);
  void nanny_speaks(FakeEngine& engine);
  void engine_restarts(FakeEngine& engine);
  void holding_is_said(FakeEngine& engine);

  // Submits and returns the first sequence.
  std::uint64_t client_submits(FakeClient& client, const TaskWish& wish = {});
  void client_receives_all(FakeClient& client);  // acknowledges every outcome that came
  // The oldest held task ends; with `duration` it says how long it took.
  void engine_finishes(FakeEngine& engine, wire::Ending ending = wire::Ending::ok,
                       Duration duration = 1ms);
  void engine_finishes(FakeEngine& engine, const wire::AssignRecord& task, wire::Ending ending,
                       Duration duration);
  void send(hub::LinkId link, const wire::Message& message);

  template <class M>
  void say(hub::LinkId link, const M& message) {
    send(link, wire::encode(message));
  }

  void breaks(FakeClient& client);
  void breaks(FakeEngine& engine);
  void stores_everything();
  // The database answers the oldest question about places.
  void places_are_told(std::vector<hub::RanOn> places);
  void module_is_read(const ContentHash& build, Result<Frames> parts);
  void passes(Duration time);  // in steps, with ticks where the router asked for them
  void turn();

  [[nodiscard]] wire::Hello hello_of(const FakeClient& client) const;
  [[nodiscard]] wire::Hello hello_of(const FakeEngine& engine, wire::Role role) const;
  [[nodiscard]] hub::LinkId new_link(hub::Side side, wire::Plane plane);

  hub::Router& router() { return *router_; }

  [[nodiscard]] hub::Now now() const { return now_; }

  std::vector<hub::Fact> facts;  // all that were emitted
  std::vector<hub::Query> queries;
  std::vector<ContentHash> fetches;
  std::vector<hub::PlaceQuestion> place_questions;  // not answered yet
  std::vector<wire::Hint> hints;
  std::vector<hub::LinkId> closed;
  std::map<std::uint64_t, Inbox> strangers;  // by link: what was sent to nobody we play
  bool stop_asked = false;

 private:
  void take(hub::Outbox& out);
  void deliver(const hub::Send& send);
  void connect(FakeClient& client, const wire::Hello& hello);
  void connect(FakeEngine& engine, wire::Role role);
  hub::Now now_;
  std::unique_ptr<hub::Router> router_;
  std::vector<std::unique_ptr<FakeClient>> clients_;
  std::vector<std::unique_ptr<FakeEngine>> engines_;
  std::uint32_t next_peer_ = 1;
  std::uint64_t next_random_ = 100;
};

// What a database that committed everything would give to the next hub.
[[nodiscard]] hub::Restored restored_from(const HubHarness& hub);

// What it would give when nothing committed, or when it was in memory only.
[[nodiscard]] inline hub::Restored nothing_restored() {
  hub::Restored out;
  out.epoch = 1;
  return out;
}

}  // namespace roundhouse::test
