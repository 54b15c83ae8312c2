#include <algorithm>

#include "hub/core/router_state.hpp"

namespace roundhouse::hub {
namespace {

constexpr std::size_t kTasksPerTurn = 4096;  // looked at
constexpr std::size_t kSearchesMax = 1024;   // at a time

// An unfinished task as it is in the tables: no record is made of those that nobody asked for.
class LiveTask final : public FieldSource {
 public:
  LiveTask(SessionId session, const Task& task, const wire::Define& define, const Engine* engine)
      : session_(session), task_(task), define_(define), engine_(engine) {}

  [[nodiscard]] TaskId id() const override { return {session_, task_.sequence}; }

  [[nodiscard]] FieldValue value(Field field) const override {
    const auto number = [](std::uint64_t n) {
      return FieldValue::of(static_cast<std::int64_t>(n));
    };
    switch (field) {
      case Field::msg_id: return FieldValue::of(id());
      case Field::session: return FieldValue::of(TaskId{session_, 0});
      case Field::sequence: return number(task_.sequence);
      case Field::function: return FieldValue::of(std::string_view(define_.function));
      case Field::signature:
        if (define_.signature.empty()) return {};
        return FieldValue::of(std::string_view(define_.signature));
      case Field::label: return FieldValue::of(std::string_view(define_.label));
      case Field::view: return FieldValue::of(std::string_view(define_.view));
      case Field::status: return FieldValue::of(name_of(status()));
      case Field::attempt: return number(task_.failures + 1U);
      case Field::submitted: return FieldValue::of(task_.submitted_us);
      case Field::engine_id: return task_.engine == kNoEngine ? FieldValue{} : number(task_.engine);
      case Field::incarnation:
        return engine_ == nullptr ? FieldValue{} : number(engine_->incarnation);
      case Field::engine_uuid:
        if (engine_ == nullptr) return {};
        uuid_ = to_string(engine_->uuid);
        return FieldValue::of(std::string_view(uuid_));
      default: return {};  // known when it has ended
    }
  }

 private:
  [[nodiscard]] TaskStatus status() const {
    const bool runs = task_.state == TaskState::assigned && engine_->runs(task_.number);
    return runs ? TaskStatus::running : TaskStatus::pending;
  }

  SessionId session_;
  const Task& task_;
  const wire::Define& define_;
  const Engine* engine_;
  mutable std::string uuid_;  // what value() lends
};

}  // namespace

Result<void> Router::State::begin_search(Query query) {
  auto asked = parse_task_query(query.body.bytes);
  if (!asked) return asked.error();
  if (searches.size() >= kSearchesMax)
    return Error{Errc::over_quota, "the hub is busy with " + std::to_string(kSearchesMax) +
                                       " questions already: ask again later"};
  searches.push_back({std::move(query), *std::move(asked), 1, 0, {}});
  return {};
}

// Of what ends meanwhile the database hears before it hears of the question.
void Router::State::run_searches(Outbox& out) {
  std::size_t budget = kTasksPerTurn;
  while (!searches.empty() && budget > 0) {
    budget = look_through(searches.front(), budget);
    if (searches.front().session <= sessions.last_number()) break;
    finish_search(std::move(searches.front()), out);
    searches.pop_front();
  }
  if (!searches.empty()) more_work = true;
}

// Returns what is left of the budget.
std::size_t Router::State::look_through(Search& search, std::size_t budget) {
  const auto earlier = [&](const QueryPlace& a, const QueryPlace& b) {
    return place_of(search.asked, a.value.borrow(), a.task, b) < 0;
  };
  for (; search.session <= sessions.last_number(); ++search.session, search.sequence = 0) {
    const Session* session = sessions.find(search.session);
    if (session == nullptr) continue;
    search.sequence = std::max(search.sequence, session->first_sequence);
    const std::uint64_t end = session->first_sequence + session->tasks.size();
    for (; search.sequence < end; ++search.sequence) {
      if (budget == 0) return 0;
      --budget;
      const TaskIndex index = session->find(search.sequence);
      if (index == kNoTask) continue;
      const Task& task = tasks.get(index);
      const LiveTask live(session->id, task, templates[task.template_number].define,
                          task.engine == kNoEngine ? nullptr : engines.find(EngineId{task.engine}));
      if (!wants(search.asked, live)) continue;
      const FieldValue value = live.value(search.asked.order);
      const bool full = search.found.size() >= search.asked.wanted();
      if (full && place_of(search.asked, value, live.id(), search.found.front()) > 0) continue;
      if (full) {
        std::ranges::pop_heap(search.found, earlier);
        search.found.pop_back();
      }
      search.found.push_back({QueryValue::of(value), live.id()});
      std::ranges::push_heap(search.found, earlier);
    }
    if (budget > 0) --budget;  // sessions without tasks cost something, too
  }
  return budget;
}

// What has ended since it was found is known to the database by now.
void Router::State::finish_search(Search search, Outbox& out) {
  std::ranges::sort_heap(search.found, [&](const QueryPlace& a, const QueryPlace& b) {
    return place_of(search.asked, a.value.borrow(), a.task, b) < 0;
  });
  for (const QueryPlace& place : search.found) {
    const TaskIndex index = find_live(place.task);
    if (index == kNoTask) continue;
    Record record = record_of(tasks.get(index));
    if (wants(search.asked, record)) search.query.live.push_back(std::move(record));
  }
  out.queries.push_back(std::move(search.query));
}

}  // namespace roundhouse::hub
