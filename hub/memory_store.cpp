#include "hub/memory_store.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>
#include <variant>

namespace roundhouse::hub {
namespace {

Restored restored_from(const HubFile& file) {
  Restored out;
  out.epoch = file.last_epoch();
  out.engines = file.engines();
  return out;
}

}  // namespace

MemoryStore::MemoryStore(const StoreOptions& options)
    : options_(options), file_(options.epoch_file) {}

Restored MemoryStore::restore() {
  return restored_from(file_);
}

std::uint64_t MemoryStore::begin_epoch() {
  return file_.begin_epoch();
}

Result<void> MemoryStore::commit(std::span<const Fact> facts) {
  file_.note(facts);
  for (const Fact& fact : facts) {
    if (const auto* ended = std::get_if<Ended>(&fact)) {
      keep(*ended);
    } else if (const auto* opened = std::get_if<SessionOpened>(&fact)) {
      sessions_[opened->number].id = opened->id;
    } else if (const auto* defined = std::get_if<TemplateDefined>(&fact)) {
      templates_[defined->number] = *defined;
    } else if (const auto* joined = std::get_if<EngineJoined>(&fact)) {
      engines_[joined->id.value] = joined->uuid;
    } else if (const auto* delivered = std::get_if<Delivered>(&fact)) {
      Session& session = sessions_[delivered->session];
      session.delivered = std::max(session.delivered, delivered->through);
      session.received_us = delivered->at_us;
    }
  }
  return {};
}

void MemoryStore::keep(const Ended& fact) {
  records_.push_back(fact);
  Ended& kept = records_.back();
  // A result inside a batch would hold the whole batch: one of its own is smaller.
  const std::size_t size = kept.payload.size();
  if (size > wire::kInlineBytesMax)
    kept.payload = Payload{};
  else if (kept.payload.block.size() > 2 * size + 64 && kept.payload.frame_count() == 0)
    kept.payload = Payload::of(kept.payload.body());
  bytes_ += kept.payload.size();
  while (records_.size() > options_.memory_records_max || bytes_ > options_.memory_bytes_max) {
    bytes_ -= records_.front().payload.size();
    records_.pop_front();
  }
}

TaskId MemoryStore::task_of(const Ended& fact) const {
  const auto session = sessions_.find(fact.session);
  return {session == sessions_.end() ? SessionId{} : session->second.id, fact.sequence};
}

Record MemoryStore::record_of(const Ended& fact) const {
  Record out;
  out.task = task_of(fact);
  if (const auto found = templates_.find(fact.template_number); found != templates_.end()) {
    const wire::Define& define = found->second.define;
    out.function = define.function;
    out.label = define.label;
    out.view = define.view;
    out.targets = define.targets;
  }
  out.submitted_us = fact.submitted_us;
  out.started_us = fact.started_us;
  out.duration_ns = fact.duration_ns;
  out.engine = fact.engine;
  if (fact.engine)
    if (const auto found = engines_.find(fact.engine->value); found != engines_.end())
      out.engine_uuid = found->second;
  out.incarnation = fact.incarnation;
  out.attempt = fact.attempt;
  out.ending = fact.ending;
  if (const auto found = sessions_.find(fact.session);
      found != sessions_.end() && fact.delivery <= found->second.delivered)
    out.received_us = found->second.received_us;
  if (fact.ending == wire::Ending::ok) {
    out.result = fact.payload.body();
    out.result_bytes = fact.payload.size();
  } else {
    out.error = wire::decode_error(fact.payload.body());
  }
  return out;
}

wire::Reply MemoryStore::answer(const Query& query) {
  const auto question = parse_question(query);
  if (!question) return make_error(query, question.error());
  if (query.verb == "history") return answer_history(query, *question);
  if (query.verb == "result") return answer_result(query, *question);
  if (query.verb == "purge_results") return answer_purge(query, *question);
  return make_error(query, {Errc::invalid, "the database does not know '" + query.verb + "'"});
}

wire::Reply MemoryStore::answer_history(const Query& query, const Question& question) const {
  HistoryAnswer answer(query, question);
  std::vector<std::pair<std::int64_t, TaskId>> found;
  found.reserve(records_.size());
  for (const Ended& fact : records_) found.emplace_back(fact.submitted_us, task_of(fact));
  std::sort(found.begin(), found.end());
  auto next = found.rbegin();
  if (question.before) {
    next = std::find_if(next, found.rend(),
                        [&](const auto& one) { return one.second == *question.before; });
    if (next == found.rend())
      return make_error(query, {Errc::unknown_task,
                                "no finished task has the id " + to_string(*question.before)});
    ++next;
  }
  while (next != found.rend() && answer.add(next->second)) ++next;
  return answer.take();
}

wire::Reply MemoryStore::answer_result(const Query& query, const Question& question) const {
  ResultAnswer answer(query, question);
  std::unordered_map<TaskId, const Ended*> found;
  for (const TaskId task : answer.wanted()) found.emplace(task, nullptr);
  for (const Ended& fact : records_)
    if (const auto wanted = found.find(task_of(fact)); wanted != found.end())
      wanted->second = &fact;
  for (const TaskId task : answer.wanted()) {
    const Ended* fact = found[task];
    if (answer.full())
      answer.add_more(task);
    else if (fact != nullptr)
      answer.add(record_of(*fact));
    else
      answer.add_missing(task);
  }
  return answer.take();
}

wire::Reply MemoryStore::answer_purge(const Query& query, const Question& question) {
  const std::unordered_set<TaskId> ids(question.ids.begin(), question.ids.end());
  const std::unordered_set<std::uint32_t> engines(question.engines.begin(), question.engines.end());
  const std::size_t count = std::erase_if(records_, [&](const Ended& fact) {
    return question.all || (fact.engine && engines.contains(fact.engine->value)) ||
           ids.contains(task_of(fact));
  });
  bytes_ = 0;
  for (const Ended& fact : records_) bytes_ += fact.payload.size();
  return make_purged(query, count);
}

Restored NoStore::restore() {
  return restored_from(file_);
}

wire::Reply NoStore::answer(const Query& query) {
  const auto question = parse_question(query);
  if (!question) return make_error(query, question.error());
  if (query.verb == "purge_results") return make_purged(query, 0);
  if (query.verb == "history") return HistoryAnswer(query, *question).take();
  ResultAnswer answer(query, *question);
  for (const TaskId task : answer.wanted()) answer.add_missing(task);
  return answer.take();
}

}  // namespace roundhouse::hub
