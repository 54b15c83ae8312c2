// CORE. SubmissionLog: the submissions of a session, from the call until nobody can ask for them
// again, and how many of them may be sent.
//
// A record keeps its bytes until the hub has stored it; one with bulk frames, and every record
// under durability `none`, until all its tasks have their outcome. What is sent is dense in
// sequence: where bytes are gone because the tasks have ended, an empty record stands in their
// place (the hub knows from `hello` that these tasks have ended and never runs them). Its template
// and engines are the true ones until it is stored: the hub records it under them. What it depended
// on is not said again: it has ended. Bytes are those of payloads and of what records depend on.
// Invariants: see check_invariants(). Thread rule: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "shared/message.hpp"
#include "shared/records.hpp"

namespace roundhouse::client {

// Tasks of `record` from `offset` on, at most `count` of them, as a record of their own that shares
// its block and frames. Precondition: offset + count <= record.count, count > 0.
[[nodiscard]] wire::SubmitRecord part_of(const wire::SubmitRecord& record, std::uint32_t offset,
                                         std::uint32_t count);

class SubmissionLog {
 public:
  // Gives `record` the next sequences and keeps it. Returns the first.
  // Preconditions: count >= 1; its inline payload fits a message.
  std::uint64_t append(wire::SubmitRecord record);

  // The hub's welcome: goes back to `accepted` + 1, with the credit of the new connection.
  void restart(const wire::Welcome& welcome);
  // The connection is gone: nothing may be sent before restart().
  void stop();
  // Cumulative, and the new credit.
  void on_accepted(const wire::Accepted& message);
  // One task of the log has its outcome: call once per sequence.
  void on_outcome(std::uint64_t sequence);

  // The next record to send, when there is one and credit allows it; counts as sent from now on.
  [[nodiscard]] std::optional<wire::SubmitRecord> take_next();
  // True when take_next() would give one.
  [[nodiscard]] bool ready() const;

  // Sequences above what the hub has, stored or accepted, whose bytes are gone although they have
  // no outcome: the hub lost its memory of them. Only right after restart().
  [[nodiscard]] std::vector<wire::Range> lost(const std::vector<wire::Range>& ended,
                                              std::uint64_t settled) const;

  [[nodiscard]] std::uint64_t last() const { return next_ - 1; }  // highest sequence given out

  [[nodiscard]] std::uint64_t sent() const { return sent_; }  // on this connection

  [[nodiscard]] std::uint64_t ever_sent() const { return ever_sent_; }

  [[nodiscard]] std::uint64_t accepted() const { return accepted_; }

  [[nodiscard]] std::uint64_t stored() const { return stored_; }

  // Tasks that wait for credit or for a connection.
  [[nodiscard]] std::uint64_t unsent_tasks() const { return last() - sent_; }

  // The same as records, and their bytes.
  [[nodiscard]] std::size_t unsent_records() const { return entries_.size() - cursor_; }

  [[nodiscard]] std::size_t unsent_bytes() const { return unsent_bytes_; }

  // Bytes kept, sent ones included, and records that hold them.
  [[nodiscard]] std::size_t kept_bytes() const { return kept_bytes_; }

  [[nodiscard]] std::size_t kept_records() const { return entries_.size() - dead_; }

  void check_invariants() const;

 private:
  struct Entry {
    wire::SubmitRecord record;
    std::uint32_t unfinished = 0;  // of its tasks
    bool dead = false;             // its bytes are gone

    [[nodiscard]] std::uint64_t first() const { return record.sequence; }

    [[nodiscard]] std::uint64_t last() const { return record.sequence + record.count - 1; }
  };

  // The first entry that ends at or behind `sequence`; entries_.size() when there is none.
  [[nodiscard]] std::size_t find(std::uint64_t sequence) const;
  [[nodiscard]] bool droppable(const Entry& entry) const;
  // How many of `count` tasks from sent_ + 1 on credit allows; 0: none.
  [[nodiscard]] std::uint32_t allowed(std::uint32_t count) const;
  // Whether so many bytes, of a record that ends with the task `last`, may be sent now.
  // What the hub only lacks the frames of needs no credit.
  [[nodiscard]] bool fits(std::size_t bytes, std::uint64_t last) const;
  void drop(Entry& entry);
  void tidy();
  void store_through(std::uint64_t stored);

  // True when nobody will ask for the entry again, not even for what stands in its place.
  [[nodiscard]] bool forgettable(const Entry& entry) const;
  std::deque<Entry> entries_;  // ascending; without forgettable ones at the front
  std::size_t dead_ = 0;       // entries that are dead
  std::size_t spent_ = 0;      // and forgettable
  std::size_t cursor_ = 0;     // the first entry not wholly sent
  std::size_t kept_bytes_ = 0;
  std::size_t unsent_bytes_ = 0;  // of the entries from the cursor on
  std::uint64_t next_ = 1;
  std::uint64_t accepted_ = 0;
  std::uint64_t stored_ = 0;
  std::uint64_t hub_has_ = 0;  // as its welcome said; `accepted` is less when it lacks bulk frames
  std::uint64_t sent_ = 0;
  std::uint64_t ever_sent_ = 0;
  std::uint32_t last_template_ = 0;
  bool durable_ = true;
  // Of this connection.
  bool open_ = false;
  std::uint64_t credit_tasks_ = 0;
  std::uint64_t credit_bytes_ = 0;
  std::uint64_t first_credit_bytes_ = 0;
  std::uint64_t sent_bytes_ = 0;
};

}  // namespace roundhouse::client
