#include "tests/chaos/judge.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <optional>

namespace roundhouse::chaos {
namespace {

constexpr std::size_t kComplaintsMax = 50;
constexpr std::int64_t kSecond = 1'000'000'000;
// For so long a hub waits for the nanny of an engine that is gone before it takes what that engine
// had for run (PROTOCOL 8); until then only the two dead know.
constexpr std::int64_t kNannyAwaited = 3 * kSecond + RH_TEST_SLOWDOWN * kSecond / 2;
// And a nanny is no help to the next hub before it has found it.
constexpr std::int64_t kHubSought = RH_TEST_SLOWDOWN * kSecond;
// What was told so shortly before the hub died is perhaps not on record: it had not committed. A
// disk that has to have it takes its time.
constexpr std::int64_t kCommit = RH_TEST_SLOWDOWN * kSecond;
constexpr std::int64_t kCommitToDisk = 5 * kCommit;
// A fault may cost a task that was submitted so much after it: an engine is not missed at once, and
// a direct task waits for the next process of its engine, ten seconds at most.
constexpr std::int64_t kAftermath = 15 * kSecond;

struct Told {
  Ending ending = Ending::ok;
  std::uint64_t value = 0;
  std::int64_t at_ns = 0;
  bool own = true;  // to the process that had submitted it
};

// All that is known of one task.
struct Task {
  std::int64_t submitted_at = 0;
  std::optional<std::uint64_t> sequence;  // nothing: its client noted nothing of it
  bool accepted = false;
  std::vector<Told> told;
  std::vector<Start> starts;
};

bool same(const Told& a, Ending ending, std::uint64_t value) {
  return a.ending == ending && (ending != Ending::ok || a.value == value);
}

class Judge {
 public:
  explicit Judge(const Evidence& evidence) : evidence_(evidence) {}

  Verdict run() {
    for (const ClientNotes& client : evidence_.clients) read(client);
    for (const Start& start : evidence_.starts) tasks_[start.key].starts.push_back(start);
    verdict_.runs = evidence_.starts.size();
    for (auto& [key, task] : tasks_) {
      if (task.accepted || !task.told.empty()) ++verdict_.accepted;
      look_for_outcome(key, task);
      look_at_value(key, task);
      look_at_runs(key, task);
    }
    return std::move(verdict_);
  }

 private:
  void read(const ClientNotes& client) {
    std::uint64_t stored = 0;
    for (const Note& note : client.notes)
      if (note.entry == Entry::stored) stored = std::max(stored, note.value);
    for (const Note& note : client.notes) {
      if (note.entry == Entry::submitted) {
        Task& task = tasks_[note.key];
        task.submitted_at = note.at_ns;
        task.sequence = note.value;
        task.accepted = note.value <= stored;
        ++verdict_.submitted;
      } else if (note.entry == Entry::outcome && note.ending != Ending::unknown) {
        const bool own = note.key >> 32U == key_of(client.client, client.generation, 0) >> 32U;
        tasks_[note.key].told.push_back({note.ending, note.value, note.at_ns, own});
        if (!own) ++verdict_.fetched;
      }
    }
    find_repeated(client);
  }

  // One process must not be told twice; that several are told is what fetching is for.
  void find_repeated(const ClientNotes& client) {
    std::map<std::uint64_t, int> times;
    for (const Note& note : client.notes)
      if (note.entry == Entry::outcome && ++times[note.key] > 1)
        complain(verdict_.doubled, note.key, "its client was told an outcome twice");
  }

  void look_for_outcome(std::uint64_t key, const Task& task) {
    const auto found = evidence_.records.find(key);
    const bool recorded = found != evidence_.records.end();
    if (task.told.empty()) {
      if (task.accepted) complain(verdict_.lost, key, "accepted, and nobody got an outcome");
      return;
    }
    ++verdict_.endings[task.told.front().ending];
    const Told& first = task.told.front();
    for (const Told& told : task.told)
      if (!same(told, first.ending, first.value))
        complain(verdict_.doubled, key, "two clients were told different outcomes");
    if (!evidence_.has_records) return;
    if (!recorded)
      complain(verdict_.lost, key, "has an outcome, and the database does not know it");
    else if (found->second.times != 1)
      complain(verdict_.doubled, key, "is in the database more than once");
    else if (same(first, found->second.ending, found->second.value))
      return;
    else if (lost_to_record(key, first, found->second.ending))
      ++verdict_.not_recorded;
    else
      complain(verdict_.doubled, key,
               std::string("its client was told ") + to_string(first.ending) +
                   ", and the database says " + to_string(found->second.ending));
  }

  // Told right before the hub died. The next one hears of it from the client, and says so in the
  // record; if the client dies as well, all it knows is that the engine is gone.
  bool lost_to_record(std::uint64_t key, const Told& told, Ending recorded) const {
    const std::int64_t commit = evidence_.keeps_arrays ? kCommitToDisk : kCommit;
    if (!hub_died(told.at_ns - kCommit, told.at_ns + commit)) return false;
    const bool client_died = std::any_of(
        evidence_.clients.begin(), evidence_.clients.end(), [&](const ClientNotes& client) {
          return client.client == key >> 56U && client.generation > ((key >> 32U) & 0xffffffU);
        });
    return recorded == Ending::not_recorded || (client_died && recorded == Ending::engine_lost);
  }

  void look_at_value(std::uint64_t key, const Task& task) {
    if (task.told.empty()) return;
    const Told& told = task.told.front();
    if (told.ending == Ending::ok && told.value != chaos_tasks::answer_to(key))
      complain(verdict_.wrong, key, "has a result that is not right");
    if (told.ending == Ending::ok && task.starts.empty())
      complain(verdict_.wrong, key, "has a result, and never ran");
    if (told.ending == Ending::error) complain(verdict_.wrong, key, "ended with an error");
    // A large one is with the client until the outcome, unless the hub commits it to the disk.
    if (told.ending == Ending::payload_lost &&
        (!has_array(key) || told.own || evidence_.keeps_arrays))
      complain(verdict_.wrong, key, "lost an argument that was not lost with anybody");
    if (told.ending == Ending::engine_lost && is_for_one_engine(key)) ++verdict_.lost_with_lane;
    if (told.ending == Ending::engine_lost && !lost_an_engine(task.submitted_at, told.at_ns))
      complain(verdict_.wrong, key, "lost its engine while none was hurt");
  }

  bool lost_an_engine(std::int64_t submitted_at, std::int64_t told_at) const {
    return std::any_of(evidence_.faults.begin(), evidence_.faults.end(), [&](const Fault& fault) {
      return fault.engine != 0 && fault.from_ns <= told_at &&
             fault.until_ns >= submitted_at - kAftermath;
    });
  }

  void look_at_runs(std::uint64_t key, Task& task) {
    std::sort(task.starts.begin(), task.starts.end(),
              [](const Start& a, const Start& b) { return a.at_ns < b.at_ns; });
    const std::size_t allowed = 1 + retries_of(key);
    if (task.starts.size() <= allowed) return;
    // As many are too many as need an excuse; any of those before the last may have it.
    std::size_t excess = task.starts.size() - allowed;
    for (std::size_t i = 0; i + 1 < task.starts.size() && excess > 0; ++i) {
      std::uint64_t* excuse = excuse_of(task.starts[i], task.starts[i + 1]);
      if (excuse == nullptr) continue;
      ++*excuse;
      --excess;
    }
    if (excess == 0) return;
    std::string text = "ran " + std::to_string(task.starts.size()) + " times:";
    for (const Start& start : task.starts)
      text += " at " + seconds(start.at_ns) + " in " + std::to_string(start.pid);
    complain(verdict_.run_twice, key, text);
  }

  // Why a task that had started here was started there, too; null: for no good reason.
  std::uint64_t* excuse_of(const Start& a, const Start& b) {
    for (const Fault& fault : evidence_.faults) {
      const bool first = fault.engine != 0 && fault.engine == a.pid;
      const bool second = fault.engine != 0 && fault.engine == b.pid;
      if (first && fault.nanny != 0 && hub_died_by(fault)) return &verdict_.excused_dead;
      // What thawed within half of the grace, which begins a moment later, was back in time.
      const bool long_frozen = 2 * (fault.until_ns - fault.from_ns) > evidence_.grace_ns;
      if ((first || second) && long_frozen && hub_died(fault.from_ns, fault.until_ns))
        return &verdict_.excused_frozen;
    }
    return nullptr;
  }

  // Whether a hub died with this nanny: before it had given it up. A hub that is frozen waits on.
  bool hub_died_by(const Fault& nanny) const {
    std::int64_t awaited = kNannyAwaited;
    for (const Fault& fault : evidence_.faults)
      if (fault.kind == FaultKind::frozen_hub && fault.from_ns >= nanny.from_ns &&
          fault.from_ns <= nanny.until_ns + awaited)
        awaited += fault.until_ns - fault.from_ns;
    return hub_died(nanny.from_ns - kHubSought, nanny.until_ns + awaited);
  }

  bool hub_died(std::int64_t from_ns, std::int64_t until_ns) const {
    return std::any_of(evidence_.faults.begin(), evidence_.faults.end(), [&](const Fault& fault) {
      return fault.hub != 0 && fault.kind != FaultKind::frozen_hub && fault.from_ns >= from_ns &&
             fault.from_ns <= until_ns;
    });
  }

  void complain(std::uint64_t& counter, std::uint64_t key, const std::string& text) {
    ++counter;
    if (verdict_.complaints.size() >= kComplaintsMax) return;
    const Task& task = tasks_[key];
    verdict_.complaints.push_back(
        "task " + std::to_string(key & 0xffffffffU) + " of client " + std::to_string(key >> 56U) +
        "." + std::to_string((key >> 32U) & 0xffffffU) + ", submitted at " +
        seconds(task.submitted_at) +
        (task.told.empty() ? "" : ", told at " + seconds(task.told.front().at_ns)) + ": " + text);
  }

  static std::string seconds(std::int64_t at_ns) {
    char text[32];
    std::snprintf(text, sizeof text, "%" PRId64 ".%06" PRId64, at_ns / kSecond,
                  at_ns % kSecond / 1000);
    return text;
  }

  const Evidence& evidence_;
  Verdict verdict_;
  std::map<std::uint64_t, Task> tasks_;
};

}  // namespace

Verdict judge(const Evidence& evidence) {
  return Judge(evidence).run();
}

}  // namespace roundhouse::chaos
