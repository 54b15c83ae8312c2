// What the checker knows of facts and of the database.

#include <algorithm>
#include <variant>

#include "tests/sim/checker.hpp"

namespace roundhouse::sim {
namespace {

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

}  // namespace

std::uint64_t Checker::stored_through(SessionId session) const {
  for (const auto& [number, stored] : stored_)
    if (stored.id == session) return stored.submitted;
  return 0;
}

void Checker::on_store_lost() {
  stored_.clear();
}

// Facts commit in order and make sense in it.
void Checker::on_committed(const hub::Fact& fact) {
  const auto known = [this](hub::SessionNumber number) -> Stored& {
    const auto found = stored_.find(number);
    if (found == stored_.end())
      fail("a fact of session number " + std::to_string(number) + ", which was not opened");
    return found->second;
  };
  std::visit(Overloaded{
                 [&](const hub::SessionOpened& opened) {
                   if (!stored_.try_emplace(opened.number, Stored{opened.id, 0, 0, {}}).second)
                     fail("session number " + std::to_string(opened.number) + " was opened twice");
                 },
                 [&](const hub::Submitted& submitted) {
                   Stored& session = known(submitted.session);
                   if (submitted.first != session.submitted + 1 || submitted.last < submitted.first)
                     fail("a Submitted fact begins with " + std::to_string(submitted.first) +
                          " behind " + std::to_string(session.submitted));
                   session.submitted = submitted.last;
                 },
                 [&](const hub::Ended& ended) {
                   Stored& session = known(ended.session);
                   if (ended.sequence == 0 || ended.sequence > session.submitted)
                     fail("an Ended fact before the Submitted fact of task " +
                          std::to_string(ended.sequence));
                   if (ended.delivery != session.deliveries + 1)
                     fail("delivery " + std::to_string(ended.delivery) + " behind " +
                          std::to_string(session.deliveries));
                   session.deliveries = ended.delivery;
                   if (!session.ended.try_emplace(ended.sequence, ended).second)
                     fail("task " + std::to_string(ended.sequence) + " has two Ended facts");
                 },
                 [&](const hub::Delivered& delivered) {
                   if (delivered.through > known(delivered.session).deliveries)
                     fail("more was delivered than has ended");
                 },
                 [](const auto&) {},
             },
             fact);
}

// When its client had the outcome from a hub whose last facts were lost. A later hub learns so from
// the client's hello, and says it; what it finds out itself counts only when the client is not back
// within the grace. What it has begun to run by then is recorded as it ends.
bool Checker::may_differ(TaskId id, const Task& task, const hub::Ended& ended) const {
  const Saying& said = said_ended_.at(id);
  if (said.epoch <= task.told_by) return false;
  if (wire::decode_error(ended.payload.body()).name == "OutcomeNotRecorded") return true;
  // A later hub knows more of a lost engine: that it has the outcome after all, or how it died.
  if (task.ending == wire::Ending::engine_lost &&
      (ended.engine || ended.ending == wire::Ending::engine_lost))
    return true;
  // Or that it was lost, of which one before said that it was aborted.
  if (task.ending == wire::Ending::aborted && ended.ending == wire::Ending::engine_lost)
    return true;
  // What two hubs let run (see check_twice) is recorded as one of its runs ended.
  const bool ran_twice = std::any_of(
      task.executions.begin(), task.executions.end(),
      [&](const Execution& run) { return run.fence.epoch != task.executions.front().fence.epoch; });
  if (ran_twice && ended.engine) return true;
  // And what one hub let run, while the next one ended it for what it depends on, as it ran.
  const bool ran_before =
      !task.executions.empty() && task.executions.front().fence.epoch < task.told_by;
  if (ran_before && ended.engine && task.ending != wire::Ending::ok &&
      wire::decode_error(task.value).name.find("Dependency") != std::string::npos)
    return true;
  // Or it ran before or after one of them, whose word was lost, had said that it was aborted; or no
  // engine would run it. Or both said that, and knew of different attempts.
  const bool ran = !task.executions.empty() && ended.engine;
  const bool unmet = wire::decode_error(ended.payload.body()).name == "UnmetDependency";
  const bool both = ended.ending == wire::Ending::aborted;
  if (task.ending == wire::Ending::aborted && (ran || unmet || both)) return true;
  const Hub& hub = hubs_.at(said.epoch);
  const TimePoint decided = std::min(said.at, first_assigned(task, said.epoch));
  return !client_has(hub, id, decided) && decided >= hub.started + options_.router.grace;
}

void Checker::check_store() const {
  if (options_.router.durability == hub::Durability::none) return;
  for (const auto& [number, session] : stored_) {
    for (const auto& [sequence, ended] : session.ended) {
      const auto found = tasks_.find(TaskId{session.id, sequence});
      if (found == tasks_.end()) fail("the database has a task that nobody asked for");
      const Task& task = found->second;
      if (!task.ended) continue;
      const std::string value = ended.payload.body();
      if (ended.ending == task.ending && value == task.value) continue;
      if (may_differ({session.id, sequence}, task, ended)) continue;
      fail("the database says of task " + std::to_string(sequence) +
           " something else than its client was told");
    }
    if (gone_clients_.contains(session.id.value)) continue;
    if (session.ended.size() != session.submitted)
      fail("the database has " + std::to_string(session.submitted) + " submitted tasks and " +
           std::to_string(session.ended.size()) + " ended ones");
  }
}

}  // namespace roundhouse::sim
