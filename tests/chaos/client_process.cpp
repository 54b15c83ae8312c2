#include "tests/chaos/client_process.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "client/client_access.hpp"
#include "tests/chaos/journal.hpp"
#include "tests/sim/prng.hpp"
#include "tests/support/patience.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::chaos {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{5};
// More tasks than this are not on their way at a time: a machine that cannot keep up is not to
// drown, it has a rate of its own.
constexpr std::uint64_t kOutstandingMax = 1000;
constexpr std::size_t kLargeElements = 4096;  // 32 KiB: beyond what a row of the database takes

Ending ending_of(const RemoteErrorInfo& error) {
  if (error.name == "EngineError") return Ending::engine_lost;
  if (error.name == "PayloadLost") return Ending::payload_lost;
  return Ending::error;
}

// What a client process that was killed had submitted and has no outcome for: key and msg_id.
using Unsettled = std::map<std::uint64_t, std::string>;

Unsettled unsettled_of(const std::vector<Note>& notes) {
  Unsettled out;
  SessionId session;
  for (const Note& note : notes) {
    if (note.entry == Entry::session) session = SessionId{note.key};
    if (note.entry == Entry::submitted)
      out.emplace(note.key, roundhouse::to_string(TaskId{session, note.value}));
    if (note.entry == Entry::outcome) out.erase(note.key);
  }
  return out;
}

class ChaosClient {
 public:
  explicit ChaosClient(const ClientTask& task)
      : task_(task),
        board_(map_board(task.folder)),
        journal_(journal_path(task.folder, task.client, task.generation)),
        prng_(task.seed ^ key_of(task.client, task.generation, 0)),
        client_({.cluster = task.cluster, .timeout = 3 * test::kPatience}),
        any_(client_.load_balanced_view()),
        stubborn_(any_.with({.retries = 2})) {}

  void run() {
    fetch_unsettled();
    const std::int64_t began = chaos_tasks::host_now();
    while (!board_.stop) {
      // So many as should have been submitted by now.
      const auto elapsed = static_cast<std::uint64_t>(chaos_tasks::host_now() - began);
      const std::uint64_t due = elapsed * task_.rate / 1'000'000'000;
      while (submitted_ + skipped_ < due) {
        if (client_.outstanding().size() < kOutstandingMax)
          submit();
        else
          ++skipped_;
      }
      note_submissions();
      test::pause_for(kTick);
    }
    while (!client_.outstanding().empty() || noted_ < expected_) {
      note_submissions();
      test::pause_for(kTick);
    }
  }

 private:
  void fetch_unsettled() {
    Unsettled all;
    for (std::uint64_t earlier = 0; earlier < task_.generation; ++earlier) {
      const auto path = journal_path(task_.folder, task_.client, earlier);
      all.merge(unsettled_of(read_notes(path)));
      // What an earlier one fetched of one that was before it.
      for (const Note& note : read_notes(path))
        if (note.entry == Entry::outcome) all.erase(note.key);
    }
    for (const auto& [key, id] : all) fetch(key, id);
  }

  void fetch(std::uint64_t key, const std::string& id) {
    try {
      watch(client_.get_result<std::uint64_t>(id), key, 0);
    } catch (const Exception& error) {
      if (error.code() != Errc::unknown_task) throw;
      journal_.append({.entry = Entry::outcome,
                       .ending = Ending::unknown,
                       .key = key,
                       .at_ns = chaos_tasks::host_now()});
    }
  }

  template <class View>
  AsyncResult<std::uint64_t> call_on(const View& view, std::uint64_t key, std::int64_t us) {
    if (!has_array(key)) return view.apply_async(chaos_tasks::checked, task_.folder, key, us);
    return view.apply_async(chaos_tasks::checked_array, task_.folder, key, us,
                            chaos_tasks::array_of(key, kLargeElements));
  }

  AsyncResult<std::uint64_t> call(std::uint64_t key, std::int64_t us) {
    if (retries_of(key) > 0) return call_on(stubborn_, key, us);
    const std::vector<int> engines = client_.ids();
    if (!is_for_one_engine(key) || engines.empty()) return call_on(any_, key, us);
    try {
      return call_on(client_[engines[prng_.below(engines.size())]], key, us);
    } catch (const Exception& error) {
      if (error.code() != Errc::unknown_engine) throw;  // it has left a moment ago
      return call_on(any_, key, us);
    }
  }

  void submit() {
    const std::uint64_t key = key_of(task_.client, task_.generation, ++submitted_);
    Note note{.entry = Entry::submitted, .key = key, .value = submitted_};
    // Most are short, some are not.
    const auto us = static_cast<std::int64_t>(prng_.chance(80) ? prng_.between(0, 3'000)
                                                               : prng_.between(3'000, 30'000));
    note.at_ns = chaos_tasks::host_now();
    AsyncResult<std::uint64_t> result = call(key, us);
    if (result.msg_ids().front() !=
        roundhouse::to_string(TaskId{client_.history().session(), submitted_}))
      throw Exception(Errc::internal, "tasks of a session are not numbered as they were submitted");
    watch(std::move(result), key, note.at_ns);
    fresh_.push_back(note);
  }

  // What was submitted, and how much of it the hub has stored by now.
  void note_submissions() {
    if (!session_noted_)
      journal_.append({.entry = Entry::session, .key = client_.history().session().value});
    session_noted_ = true;
    if (!fresh_.empty()) journal_.append(fresh_);
    fresh_.clear();
    const std::uint64_t stored = detail::ClientAccess::shell(client_).stored();
    if (stored == stored_) return;
    stored_ = stored;
    journal_.append({.entry = Entry::stored, .value = stored, .at_ns = chaos_tasks::host_now()});
  }

  void watch(AsyncResult<std::uint64_t> result, std::uint64_t key, std::int64_t submitted_at) {
    ++expected_;
    result.on_done([this, key, submitted_at](const AsyncResult<std::uint64_t>& done) {
      note_outcome(done, key, submitted_at);
    });
  }

  // On the dispatcher's thread.
  void note_outcome(const AsyncResult<std::uint64_t>& done, std::uint64_t key,
                    std::int64_t submitted_at) {
    const std::int64_t now = chaos_tasks::host_now();
    const Outcome<std::uint64_t> outcome = done.get(return_exceptions);
    Note note{.entry = Entry::outcome, .key = key, .at_ns = now};
    if (outcome.ok()) {
      note.value = outcome.value();
    } else {
      note.ending = ending_of(outcome.error());
      std::fprintf(stderr, "%s: %s: %s\n", done.msg_ids().front().c_str(),
                   outcome.error().name.c_str(), outcome.error().value.c_str());
    }
    journal_.append(note);
    // In this order: a zero is there only once the time of the fault is.
    std::int64_t nothing = 0;
    if (board_.resumed_at_ns == 0 && submitted_at > board_.fault_at_ns)
      board_.resumed_at_ns.compare_exchange_strong(nothing, now);
    ++noted_;
  }

  const ClientTask task_;
  Board& board_;
  const Journal journal_;
  sim::Prng prng_;
  Client client_;
  LoadBalancedView any_;
  LoadBalancedView stubborn_;
  std::uint64_t submitted_ = 0;
  std::uint64_t skipped_ = 0;
  std::uint64_t stored_ = 0;
  bool session_noted_ = false;
  std::vector<Note> fresh_;  // submitted and not yet noted
  std::uint64_t expected_ = 0;
  std::atomic<std::uint64_t> noted_ = 0;
};

}  // namespace

std::vector<std::string> to_words(const ClientTask& task) {
  return {task.folder,
          task.cluster,
          std::to_string(task.client),
          std::to_string(task.generation),
          std::to_string(task.seed),
          std::to_string(task.rate)};
}

ClientTask parse_client_task(const std::vector<std::string>& words) {
  if (words.size() != 6) throw Exception(Errc::invalid, "a client is told six words");
  const auto number = [&](std::size_t at) { return std::stoull(words[at]); };
  return {words[0], words[1], number(2), number(3), number(4), number(5)};
}

void run_client(const ClientTask& task) {
  ChaosClient(task).run();
}

}  // namespace roundhouse::chaos
