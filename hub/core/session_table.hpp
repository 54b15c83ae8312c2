#pragma once

// CORE. SessionTable: the sessions that the hub knows, what each has submitted, and the outcomes
// that its client has not received. Thread rule: the router's thread.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "hub/core/endings.hpp"
#include "hub/core/fact.hpp"
#include "hub/core/link.hpp"
#include "hub/core/task_table.hpp"
#include "shared/intervals.hpp"
#include "shared/records.hpp"
#include "shared/time.hpp"
#include <roundhouse/ids.hpp>

namespace roundhouse::hub {

// An outcome that its client has not received.
struct Undelivered {
  wire::OutcomeRecord record;
  std::uint64_t delivery = 0;      // dense per session over all hubs
  EngineIndex engine = kNoEngine;  // who keeps it until it is received, with durability `none`
  std::uint32_t incarnation = 0;
  std::uint64_t outcome_number = 0;
};

struct Session {
  SessionNumber number = 0;
  SessionId id;
  Uuid secret;
  std::string label;

  // Submissions.
  std::uint64_t accepted = 0;
  std::uint64_t stored = 0;
  std::uint64_t unfinished = 0;
  bool opened = false;    // the database knows it: it has defined a template
  bool restored = false;  // of an earlier hub
  bool nested = false;  // tasks submit: what is accepted waits for what is not, so it has no quota
  std::uint64_t unfinished_bytes = 0;
  std::uint64_t bytes_received = 0;       // over this connection, for credit
  std::uint64_t first_sequence = 1;       // of tasks.front()
  std::deque<TaskIndex> tasks;            // by sequence; kNoTask when ended
  Endings endings;                        // of those that have ended
  IntervalSet marks;                      // aborted before they have come
  std::vector<TemplateNumber> templates;  // the session's numbers, from 1, to the hub's
  std::size_t template_bytes = 0;

  // Outcomes.
  std::deque<Undelivered> undelivered;
  std::uint64_t undelivered_bytes = 0;
  std::uint64_t deliveries = 0;       // highest delivery number used
  std::uint64_t sent = 0;             // how many of `undelivered` went out on this connection
  std::uint64_t number_of_front = 1;  // connection's number of undelivered.front()

  // Live output that was passed on over this connection, and how much of it has been received.
  std::uint64_t output_sent = 0;
  std::uint64_t output_received = 0;

  // Outcomes that the client said to have, in its last hello: all up to `client_settled`, and
  // those of `client_ended`.
  std::uint64_t client_settled = 0;
  std::vector<wire::Range> client_ended;   // sorted
  std::vector<wire::Range> client_failed;  // of all those, the ones that did not end ok; sorted

  // The connection, when there is one.
  std::optional<LinkId> task_link;
  std::optional<LinkId> control_link;

  // What was last said in `accepted`.
  std::uint64_t said_accepted = 0;
  std::uint64_t said_stored = 0;
  std::uint64_t said_credit = 0;
  std::uint64_t said_bytes = 0;  // the most of this connection
  bool dirty = false;            // is in the router's list of sessions to be served this turn
  bool owes = false;             // something that may wait a little is to be said to it
  bool blocked = false;          // a batch was refused: nothing is taken until it connects anew

  // Of these its quota is a part.
  [[nodiscard]] std::uint64_t tasks_used() const { return nested ? 0 : unfinished; }

  [[nodiscard]] std::uint64_t bytes_used() const { return nested ? 0 : unfinished_bytes; }

  [[nodiscard]] bool usable() const { return task_link.has_value(); }

  // Through which number its client may be told that the hub has its tasks.
  [[nodiscard]] std::uint64_t accepted_under(Durability durability) const {
    return durability == Durability::commit ? std::min(stored, accepted) : accepted;
  }

  // Whether more than its credit is other than what was said.
  [[nodiscard]] bool has_news(Durability durability) const {
    return accepted_under(durability) != said_accepted || stored != said_stored;
  }

  [[nodiscard]] bool client_has(std::uint64_t sequence) const {
    return sequence <= client_settled || is_in(client_ended, sequence);
  }

  [[nodiscard]] bool client_saw_fail(std::uint64_t sequence) const {
    return is_in(client_failed, sequence);
  }

  [[nodiscard]] static bool is_in(const std::vector<wire::Range>& sorted, std::uint64_t sequence) {
    const auto behind = std::upper_bound(
        sorted.begin(), sorted.end(), sequence,
        [](std::uint64_t wanted, const wire::Range& range) { return wanted < range.first; });
    return behind != sorted.begin() && std::prev(behind)->last >= sequence;
  }

  [[nodiscard]] TaskIndex find(std::uint64_t sequence) const {
    if (sequence < first_sequence || sequence - first_sequence >= tasks.size()) return kNoTask;
    return tasks[sequence - first_sequence];
  }

  void forget(std::uint64_t sequence) {
    tasks[sequence - first_sequence] = kNoTask;
    while (!tasks.empty() && tasks.front() == kNoTask) {
      tasks.pop_front();
      ++first_sequence;
    }
  }
};

class SessionTable {
 public:
  [[nodiscard]] Session* find(SessionId id) {
    if (last_ != nullptr && last_->id == id) return last_;
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : (last_ = &get(found->second));
  }

  [[nodiscard]] Session* find(SessionNumber number) {
    return number >= 1 && number <= sessions_.size() ? sessions_[number - 1].get() : nullptr;
  }

  // Numbers are 1 to this; some may be missing.
  [[nodiscard]] SessionNumber last_number() const {
    return static_cast<SessionNumber>(sessions_.size());
  }

  [[nodiscard]] Session& get(SessionNumber number) {
    RH_CHECK(number >= 1 && number <= sessions_.size() && sessions_[number - 1] != nullptr);
    return *sessions_[number - 1];
  }

  // `number` 0: the next free one.
  Session& create(SessionId id, SessionNumber number = 0) {
    if (number == 0 && !free_.empty()) {
      number = free_.back();
      free_.pop_back();
    }
    if (number == 0) number = static_cast<SessionNumber>(sessions_.size() + 1);
    if (sessions_.size() < number) sessions_.resize(number);
    RH_CHECK(sessions_[number - 1] == nullptr);
    sessions_[number - 1] = std::make_unique<Session>();
    Session& session = *sessions_[number - 1];
    session.number = number, session.id = id;
    by_id_.emplace(id, number);
    return session;
  }

  // Its number may be given to another: only for a session that nobody has on record.
  void erase(SessionNumber number) {
    by_id_.erase(get(number).id);
    if (last_ == sessions_[number - 1].get()) last_ = nullptr;
    sessions_[number - 1].reset();
    free_.push_back(number);
  }

  template <class F>
  void each(F&& f) {
    for (auto& session : sessions_)
      if (session) f(*session);
  }

  [[nodiscard]] std::size_t size() const { return by_id_.size(); }

 private:
  std::vector<std::unique_ptr<Session>> sessions_;
  std::vector<SessionNumber> free_;
  std::unordered_map<SessionId, SessionNumber> by_id_;
  Session* last_ = nullptr;  // most batches are of the session that spoke before
};

}  // namespace roundhouse::hub
