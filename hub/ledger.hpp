#pragma once

// Ledger: what the SQLite store remembers between transactions, so that it need not ask the
// database: per session how far it is, how many tasks of each submit message are unfinished, and
// which outcomes its client has not received. Pure. Thread rule: one thread.
//
// Everything in here can be read from the database again: after a failed transaction the store
// throws its ledger away and does so.

#include <cstdint>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "hub/core/fact.hpp"

namespace roundhouse::hub {

class Ledger {
 public:
  // A submit message.
  struct Batch {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint64_t left = 0;            // tasks without an outcome
    const Submitted* fresh = nullptr;  // not in the database yet; only during a transaction
    bool stored = false;               // has a row
    bool frames = false;               // has a blob file
  };

  struct Session {
    SessionNumber number = 0;
    std::uint64_t accepted = 0;
    std::uint64_t delivered = 0;
    std::uint64_t deliveries = 0;
    std::int64_t received_us = 0;
    std::uint64_t undelivered_from = 1;  // no undelivered outcome has a lower sequence
    bool changed = false;                // its row is to be written
    bool received = false;               // a Delivered fact came in this transaction
    std::deque<Batch> batches;           // by `first`; finished ones are dropped now and then
    std::deque<std::pair<std::uint64_t, std::uint64_t>> undelivered;  // delivery, sequence
    std::size_t done = 0;  // finished batches among `batches`
  };

  Session& session(SessionNumber number);

  [[nodiscard]] const std::map<SessionNumber, Session>& sessions() const { return sessions_; }

  [[nodiscard]] std::map<SessionNumber, Session>& sessions() { return sessions_; }

  void on_submitted(const Submitted& fact);
  // A batch with a row, as restored.
  void add_stored(SessionNumber session, const Batch& batch);
  // The batch that this outcome was the last of, if its row has to go; valid until trim().
  [[nodiscard]] const Batch* on_ended(const Ended& fact);
  void on_delivered(const Delivered& fact);

  // Whether the client has received this outcome.
  [[nodiscard]] bool delivered(SessionNumber session, std::uint64_t delivery) const;
  // Whether the submit message that this task came with is unfinished: its row, should the hub be
  // started again, must say that the task itself is not.
  [[nodiscard]] bool pending(SessionNumber session, std::uint64_t sequence) const;

  // Whether any of these tasks is unfinished, or may still come: as exactly as by submit message.
  [[nodiscard]] bool unfinished(SessionNumber session, std::uint64_t first,
                                std::uint64_t last) const;

  // Whether nobody needs the task's row any more, should the hub be started again.
  [[nodiscard]] bool done_with(SessionNumber session, std::uint64_t sequence,
                               std::uint64_t delivery) const {
    return delivered(session, delivery) && !pending(session, sequence);
  }

  // Sessions whose row is to be written; marks them so once.
  [[nodiscard]] std::vector<Session*>& changed() { return changed_; }

  // Drops finished batches that are in the way, and the marks of the transaction.
  void finish_transaction();
  // Raises `undelivered_from` where it can be; rows follow with the session's next change. Costs a
  // look at every undelivered outcome.
  void raise_undelivered_from();

 private:
  Session& change(SessionNumber number);
  [[nodiscard]] static Batch* find_batch(Session& session, std::uint64_t sequence);

  std::map<SessionNumber, Session> sessions_;
  std::vector<Session*> changed_;
  Session* last_ = nullptr;  // looked up last
};

}  // namespace roundhouse::hub
