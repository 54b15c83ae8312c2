// What the checker knows of dependencies: no task is given to an engine before they are met, and
// only where those ran that it follows; and what ends for want of them had reason to.

#include <algorithm>

#include "tests/sim/checker.hpp"

namespace roundhouse::sim {
namespace {

bool counts(const wire::DependencyMode& mode, wire::Ending ending) {
  return ending == wire::Ending::ok ? mode.success : mode.failure;
}

// Whether `holds` for all tasks of the ranges, or for any.
template <class F>
bool each_or_any(const std::vector<wire::TaskRange>& ranges, bool any, F&& holds) {
  for (const wire::TaskRange& range : ranges)
    for (std::uint64_t at = range.first; at <= range.last; ++at)
      if (holds(TaskId{range.session, at}) == any) return any;
  return !any;
}

}  // namespace

// Every end that a hub said: of those whose facts were lost there can be several. One that a hub
// without a memory makes up, because the client has had the outcome before, counts for nobody: what
// the client had does.
void Checker::note_end(std::uint64_t epoch, TaskId id, const hub::Ended& ended) {
  if (options_.router.durability == hub::Durability::none && ended.ending == wire::Ending::error &&
      wire::decode_error(ended.payload.body()).name == "OutcomeNotRecorded")
    return;
  Uuid place;
  if (ended.engine) place = hubs_.at(epoch).engines.at(ended.engine->value).uuid;
  said_ends_[id].push_back({epoch, ended.ending, place});
}

bool Checker::has_ended_so(TaskId id, const wire::DependencyMode& mode,
                           const std::optional<Uuid>& place) const {
  const auto said = said_ends_.find(id);
  return said != said_ends_.end() && std::ranges::any_of(said->second, [&](const SaidEnd& end) {
           return counts(mode, end.ending) && (!place || end.place == *place);
         });
}

void Checker::check_met(TaskId id, const Task& task, const EngineKey& engine) const {
  const Depends& on = task.wish.depends;
  if (!on.after.empty() && !each_or_any(on.after, on.after_mode.any, [&](TaskId other) {
        return has_ended_so(other, on.after_mode, std::nullopt);
      }))
    fail(name(id) + " was assigned before what it is to run after had ended");
  if (!on.follow.empty() && !each_or_any(on.follow, on.follow_mode.any, [&](TaskId other) {
        return has_ended_so(other, on.follow_mode, engine.uuid);
      }))
    fail(name(id) + " was assigned to engine " + std::to_string(engine.uuid.bytes[0]) +
         ", where what it follows did not run");
}

// Whether a dependency on these has become impossible, as far as ends were said.
bool Checker::is_impossible(const std::vector<wire::TaskRange>& ranges,
                            const wire::DependencyMode& mode) const {
  const wire::DependencyMode other{mode.any, !mode.success, !mode.failure};
  return !ranges.empty() && each_or_any(ranges, !mode.any, [&](TaskId id) {
    return has_ended_so(id, other, std::nullopt);
  });
}

// True: it was one of the errors that only those meet that depend on something.
bool Checker::check_unmet(TaskId id, const Task& task, const wire::OutcomeRecord& record,
                          TimePoint now) const {
  const wire::ErrorValue error = wire::decode_error(record.payload.body());
  const Depends& on = task.wish.depends;
  const auto has = [&](const char* text) { return error.value.find(text) != std::string::npos; };
  const auto wrong = [&] { fail(name(id) + " ended with " + error.name + ": " + error.value); };
  const auto any_range = [&](auto&& holds) {
    return std::ranges::any_of(on.after, holds) || std::ranges::any_of(on.follow, holds);
  };
  if (error.name == "DependencyTimeout") {
    if (on.timeout == Duration{} || record.ending != wire::Ending::timed_out) wrong();
    if (now - task.submitted < on.timeout) wrong();
    return true;
  }
  if (error.name == "ImpossibleDependency") {
    const bool by_place =
        !on.follow.empty() && (has("it was to follow") || has("ran nowhere") || has("it follows"));
    if (!by_place && !is_impossible(on.after, on.after_mode) &&
        !is_impossible(on.follow, on.follow_mode))
      wrong();
    return true;
  }
  if (error.name != "InvalidDependency") return false;
  const auto is_own_later = [&](const wire::TaskRange& range) {
    return range.session == id.session && range.last >= on.first;
  };
  const auto is_foreign = [&](const wire::TaskRange& range) { return range.session != id.session; };
  if (has("itself") || has("later task")) {
    if (!any_range(is_own_later)) wrong();
  } else if (has("purged")) {
    if (on.follow.empty()) wrong();
  } else if (!any_range(is_foreign)) {
    wrong();
  }
  return true;
}

}  // namespace roundhouse::sim
