#pragma once

// What outlives a killed process: notes that it appended to a file, each in one write. And what
// processes of a run tell each other while they live: a page of memory.
//
// Thread rule: appending is thread-safe; reading is for files that nobody writes any more, or
// whose last notes one can do without.

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "shared/fd.hpp"
#include "tests/modules/chaos_tasks.hpp"

namespace roundhouse::chaos {

using chaos_tasks::Start;

// What a client knows how a task ended.
enum class Ending : std::uint8_t {
  ok,
  engine_lost,
  payload_lost,  // the argument died with its client
  error,         // anything else
  unknown,       // the hub says that it never heard of the task
  not_recorded,  // of records alone: its client has the outcome, nobody else
};

[[nodiscard]] const char* to_string(Ending ending);

enum class Entry : std::uint8_t {
  session,    // key: the session of this client process
  submitted,  // key, value: its sequence
  stored,     // value: the hub has stored all submissions up to this sequence
  outcome,    // key, ending, value: the result
};

struct Note {
  Entry entry = Entry::session;
  Ending ending = Ending::ok;
  std::uint16_t unused[3] = {};
  std::uint64_t key = 0;
  std::uint64_t value = 0;
  std::int64_t at_ns = 0;  // host_now()
};

static_assert(std::is_trivially_copyable_v<Note> && sizeof(Note) == 32);

// Keys are unique in a run: which client process, and its how manyth task (from 1).
constexpr std::uint64_t key_of(std::uint64_t client, std::uint64_t generation,
                               std::uint64_t number) {
  return client << 56U | generation << 32U | number;
}

// What kind of task a key is of, so that it is known of tasks whose client noted nothing any more.
constexpr std::uint32_t retries_of(std::uint64_t key) {
  return chaos_tasks::answer_to(key) % 5 == 0 ? 2 : 0;
}

// Otherwise wherever the scheduler chooses. Those for one engine have no retries.
constexpr bool is_for_one_engine(std::uint64_t key) {
  return chaos_tasks::answer_to(key) % 5 == 1;
}

constexpr bool has_array(std::uint64_t key) {
  return chaos_tasks::answer_to(key) % 31 == 0;
}

class Journal {
 public:
  // Throws Exception(io_failed).
  explicit Journal(const std::string& path);
  void append(std::span<const Note> notes) const;

  void append(const Note& note) const { append(std::span(&note, 1)); }

 private:
  Fd file_;
};

[[nodiscard]] std::string journal_path(const std::string& folder, std::uint64_t client,
                                       std::uint64_t generation);
// Whole notes only; none when there is no such file.
[[nodiscard]] std::vector<Note> read_notes(const std::string& path);
// Of all engine processes that there were.
[[nodiscard]] std::vector<Start> read_starts(const std::string& folder);

// The page that the run and its clients share.
struct Board {
  std::atomic<std::int64_t> fault_at_ns;    // when the last fault was complete
  std::atomic<std::int64_t> resumed_at_ns;  // first outcome of a task submitted after it; 0: none
  std::atomic<bool> stop;                   // clients submit no more, and end with their last task
};

static_assert(std::atomic<std::int64_t>::is_always_lock_free);

// The board of a run, made by whoever comes first. Mapped until the process ends. Throws
// Exception(io_failed).
[[nodiscard]] Board& map_board(const std::string& folder);

}  // namespace roundhouse::chaos
