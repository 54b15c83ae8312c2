// Why tasks end whose dependencies are not met, in words: which one, what became of it, and what it
// depended on itself.

#include "hub/core/router_state.hpp"

namespace roundhouse::hub {
namespace {

constexpr std::uint32_t kLinksMax = 4;  // that a text names one by one
constexpr std::size_t kValueMax = 200;  // of an error's own text
constexpr std::size_t kNamedMax = 8;

std::string engine_list(const std::vector<EngineIndex>& engines) {
  std::string out = engines.size() == 1 ? "engine " : "engines ";
  for (std::size_t i = 0; i < engines.size() && i < kNamedMax; ++i)
    out.append(i == 0 ? "" : ", ").append(std::to_string(engines[i]));
  return engines.size() > kNamedMax ? out + " and others" : out;
}

Unmet of(const char* name, const std::string& text) {
  Unmet out;
  out.error = {name, text, ""};
  out.root = text;
  return out;
}

// How much patience there was with a task that nobody has submitted.
std::string waited() {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(kExpectedMax).count();
  return "; it was waited for for " + std::to_string(seconds) + " s or longer";
}

// What became of a task, behind "which".
std::string state_of(const wire::OutcomeRecord& record) {
  if (record.ending == wire::Ending::ok) return "ended ok, where only a failure counts";
  const wire::ErrorValue error = wire::decode_error(record.payload.body());
  switch (record.ending) {
    case wire::Ending::aborted: return "was aborted";
    case wire::Ending::engine_lost: return "was lost: " + error.value.substr(0, kValueMax);
    default: return "ended with " + error.name.substr(0, kValueMax);
  }
}

std::string reference(const Dependence& dependence, bool of_follow) {
  const DependencyPart& part = of_follow ? dependence.follow : dependence.after;
  const std::string verb = of_follow ? "follow" : "run after";
  if (!part.mode.any) return "it was to " + verb + " ";
  return "it was to " + verb +
         " any of some tasks, none of which ended in a way that counts; "
         "the last was ";
}

}  // namespace

std::string Router::State::name_of_task(TaskId id) {
  std::string out = "task " + to_string(id);
  const TaskIndex index = find_live(id);
  if (index == kNoTask) return out;
  const wire::Define& define = templates[tasks.get(index).template_number].define;
  return out + " (" + (define.label.empty() ? define.function : define.label).substr(0, 100) + ")";
}

// Of a task that waits.
std::string Router::State::why_waiting(const Dependence& dependence) {
  if (dependence.decided()) return "what it depends on is decided: it is about to go on, or to end";
  if (dependence.stage == Dependence::Stage::placing)
    return "the database is asked where those tasks ran that it follows";
  if (const auto unknown = find_lacking(dependence))
    return "it depends on tasks up to " + to_string(TaskId{unknown->session, unknown->last}) +
           ", which nobody has submitted yet";
  for (const wire::TaskRange& range : dependence.on.ranges()) {
    const Session& session = *sessions.find(range.session);
    for (std::uint64_t at = std::max(range.first, session.first_sequence); at <= range.last; ++at)
      if (session.find(at) != kNoTask)
        return "it depends on " + name_of_task({session.id, at}) + ", which has not ended" +
               (range.count() > 1 ? ", and perhaps on others" : "");
  }
  return "it depends on other tasks";
}

// `record`: the outcome of the culprit, when it is ending now.
void Router::State::fail_dependence(DependenceIndex index, bool of_follow, TaskId culprit,
                                    const wire::OutcomeRecord* record) {
  const Dependence& dependence = dependencies.get(index);
  const std::string whom = reference(dependence, of_follow) + name_of_task(culprit);
  Unmet out;
  out.error.name = "ImpossibleDependency";
  std::string state = "failed before";
  if (record != nullptr)
    state = state_of(*record);
  else if (const Session* session = sessions.find(culprit.session);
           session != nullptr && !session->endings.failed(culprit.sequence))
    state = "ended ok, where only a failure counts";
  const TaskIndex task = find_live(culprit);
  const Unmet* cause = nullptr;
  if (record != nullptr && record->ending != wire::Ending::ok && task != kNoTask &&
      tasks.get(task).dependence != kNoDependence)
    cause = dependencies.get(tasks.get(task).dependence).unmet.get();
  if (cause == nullptr) {
    out.error.value = whom + ", which " + state;
    out.root = name_of_task(culprit) + " " + state;
  } else {
    out.links = cause->links + 1;
    out.root = cause->root;
    out.error.value = whom + ", which could not run ";
    if (out.links <= kLinksMax)
      out.error.value += "because " + cause->error.value;
    else
      out.error.value += "because of others that could not; " + std::to_string(out.links) +
                         " tasks back, " + out.root;
  }
  refuse_dependence(index, std::move(out));
}

Unmet Router::State::invalid_order(const Dependence& dependence, const wire::TaskRange& range) {
  const TaskId id{range.session, std::max(range.first, dependence.sequence)};
  if (id.sequence == dependence.sequence)
    return of("InvalidDependency", "it depends on itself: " + to_string(id));
  return of("InvalidDependency", "it depends on a later task of its session, " + to_string(id) +
                                     ", which can only wait for earlier ones: that is a cycle");
}

Unmet Router::State::circular(const Dependence& dependence) {
  const wire::TaskRange first = dependence.on.ranges()[0];
  return of("InvalidDependency", "it depends on task " +
                                     to_string(TaskId{first.session, first.first}) +
                                     " and others that wait for it: that is a cycle");
}

Unmet Router::State::never_submitted(const wire::TaskRange& unknown) {
  const Session* session = sessions.find(unknown.session);
  if (session == nullptr || session->accepted == 0)
    return of("InvalidDependency", "it depends on task " +
                                       to_string(TaskId{unknown.session, unknown.first}) +
                                       " of a session that has submitted nothing" + waited());
  const TaskId id{unknown.session, std::max(unknown.first, session->accepted + 1)};
  return of("InvalidDependency",
            "it depends on task " + to_string(id) + ", which nobody has submitted" + waited());
}

Unmet Router::State::too_late(const Dependence& dependence) {
  const std::uint64_t ms = templates[dependence.template_number].define.timeout_us / 1000;
  Unmet out = of("DependencyTimeout",
                 "what it depends on had not ended within " + std::to_string(ms) + " ms");
  out.ending = wire::Ending::timed_out;
  return out;
}

Unmet Router::State::no_place(const Dependence& dependence, const Ran& ran) {
  const auto id_of_unknown = [&] {
    const PlaceQuestion::Tasks& first = ran.unknown.front();
    return TaskId{sessions.get(first.session).id, first.first};
  };
  const bool all = !dependence.follow.mode.any;
  if (!ran.unknown.empty() && (all || ran.on.empty()))
    return of("InvalidDependency", "it was to follow " + name_of_task(id_of_unknown()) +
                                       ", whose record was purged: where it ran is forgotten");
  if (ran.nowhere && (all || ran.on.empty()))
    return of("ImpossibleDependency", "it was to follow " + name_of_task(*ran.nowhere) +
                                          ", which ended without having run");
  if (ran.on.empty()) return of("ImpossibleDependency", "what it was to follow ran nowhere");
  const auto& [first, task] = *ran.on.begin();
  if (all && ran.on.size() > 1) {
    const auto& [last, other] = *ran.on.rbegin();
    return of("ImpossibleDependency",
              "it was to follow tasks that ran on different engines: " + name_of_task(task) +
                  " on " + std::to_string(first) + ", " + name_of_task(other) + " on " +
                  std::to_string(last));
  }
  std::vector<EngineIndex> engines_of_them;
  for (const auto& [engine, some] : ran.on) engines_of_them.push_back(engine);
  const bool gone = std::ranges::none_of(engines_of_them,
                                         [this](EngineIndex engine) { return may_return(engine); });
  return of("ImpossibleDependency", engine_list(engines_of_them) + ", where " + name_of_task(task) +
                                        " ran that it was to follow, " +
                                        (gone ? "is lost" : "is not among its targets"));
}

Unmet Router::State::place_gone(const std::vector<EngineIndex>& places) {
  return of("ImpossibleDependency",
            engine_list(places) + ", where tasks ran that it was to follow, was lost");
}

Unmet Router::State::elsewhere(const Dependence& dependence, EngineIndex engine) {
  return of("ImpossibleDependency", "it is for engine " + std::to_string(engine) +
                                        ", and what it was to follow ran on " +
                                        engine_list(ready.get(dependence.shape).targets));
}

}  // namespace roundhouse::hub
