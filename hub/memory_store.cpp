#include "hub/memory_store.hpp"

#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>
#include <variant>

#include "hub/schema.hpp"
#include "shared/clock.hpp"
#include "shared/printed.hpp"

namespace roundhouse::hub {
namespace {

Restored restored_from(const HubFile& file) {
  Restored out;
  out.epoch = file.last_epoch();
  out.engines = file.engines();
  out.policy = file.policy();
  return out;
}

std::int64_t key_of(const Ended& fact) {
  return make_key(fact.session, fact.sequence);
}

// A larger result would push too many records out.
constexpr std::size_t kLargestShare = 4;

// A payload inside a batch would hold the whole batch: one of its own is smaller.
void detach(Payload& payload) {
  if (payload.frame_count() == 0 && payload.block.size() > 2 * payload.inline_size() + 64)
    payload = Payload::of(payload.body());
}

}  // namespace

MemoryStore::MemoryStore(const StoreOptions& options)
    : options_(options),
      file_(options.epoch_file),
      large_arguments_(options.large_arguments_bytes_max) {}

Restored MemoryStore::restore() {
  return restored_from(file_);
}

std::uint64_t MemoryStore::begin_epoch() {
  return file_.begin_epoch();
}

Result<void> MemoryStore::commit(FactBatches batches) {
  for (const std::vector<Fact>& facts : batches) take(facts);
  return {};
}

void MemoryStore::take(const std::vector<Fact>& facts) {
  file_.note(facts);
  for (const Fact& fact : facts) {
    if (const auto* ended = std::get_if<Ended>(&fact)) {
      keep(*ended);
    } else if (const auto* opened = std::get_if<SessionOpened>(&fact)) {
      sessions_[opened->number].id = opened->id;
    } else if (const auto* defined = std::get_if<TemplateDefined>(&fact)) {
      templates_[defined->number] = *defined;
    } else if (const auto* delivered = std::get_if<Delivered>(&fact)) {
      Session& session = sessions_[delivered->session];
      session.delivered = std::max(session.delivered, delivered->through);
      session.received_us = delivered->at_us;
    }
  }
}

void MemoryStore::keep(const Ended& fact) {
  Kept& kept = records_.emplace_back();
  kept.fact = fact;
  Payload& result = kept.fact.payload;
  const std::size_t size = result.size();
  kept.result_bytes = fact.ending == wire::Ending::ok ? size : 0;
  kept.has_result = fact.ending == wire::Ending::ok;
  if (size > options_.memory_bytes_max / kLargestShare) {
    result = Payload{};
    kept.has_result = false;
  } else {
    detach(result);
  }
  std::optional<Payload>& arguments = kept.fact.arguments;
  if (arguments && arguments->frame_count() > 0) {
    large_arguments_.add(key_of(fact), std::move(*arguments));
    arguments.reset();
  }
  if (arguments &&
      (arguments->size() > options_.arguments_bytes_max || options_.arguments_bytes_max == 0))
    arguments.reset();
  if (arguments) detach(*arguments);
  for (Slice* slice : {&kept.fact.depends.bytes, &kept.fact.printed})
    if (slice->size > 0) *slice = Slice{Buffer::copy(slice->view())};
  bytes_ += kept.bytes();
  while (records_.size() > options_.memory_records_max || bytes_ > options_.memory_bytes_max)
    forget_oldest();
}

void MemoryStore::forget_oldest() {
  bytes_ -= records_.front().bytes();
  large_arguments_.erase(key_of(records_.front().fact));
  records_.pop_front();
}

void MemoryStore::maintain(bool /*idle*/) {
  if (options_.keep_age.count() == 0) return;
  const WallTime now = wall_now();
  while (!records_.empty() && now - WallTime{records_.front().fact.ended_us()} > options_.keep_age)
    forget_oldest();
}

std::chrono::milliseconds MemoryStore::upkeep_within() const {
  return std::chrono::milliseconds{options_.keep_age.count() > 0 ? 1000 : -1};
}

TaskId MemoryStore::task_of(const Ended& fact) const {
  const auto session = sessions_.find(fact.session);
  return {session == sessions_.end() ? SessionId{} : session->second.id, fact.sequence};
}

Record MemoryStore::record_of(const Kept& kept, bool with_result) const {
  const Ended& fact = kept.fact;
  Record out;
  out.task = task_of(fact);
  out.set_ending(fact.ending);
  if (const auto found = templates_.find(fact.template_number); found != templates_.end()) {
    const wire::Define& define = *found->second.define;
    out.function = define.function;
    out.signature = define.signature;
    out.label = define.label;
    out.view = define.view;
    out.targets = define.targets;
  }
  out.submitted_us = fact.submitted_us;
  out.started_us = fact.started_us;
  out.duration_ns = fact.duration_ns;
  out.engine = fact.engine;
  if (fact.engine)
    if (const auto uuid = file_.uuid_of(*fact.engine)) out.engine_uuid = *uuid;
  out.incarnation = fact.incarnation;
  out.attempt = fact.attempt;
  out.depends = fact.depends;
  const wire::Printed printed = wire::decode_printed(fact.printed.view());
  out.printed_out = printed.out.text(), out.printed_err = printed.err.text();
  if (const auto found = sessions_.find(fact.session);
      found != sessions_.end() && fact.delivery <= found->second.delivered)
    out.received_us = found->second.received_us;
  out.result_bytes = kept.result_bytes;
  if (fact.ending != wire::Ending::ok)
    out.error = wire::decode_error(fact.payload.body());
  else if (with_result && kept.has_result && kept.result_bytes <= wire::kInlineBytesMax &&
           fact.payload.frame_count() == 0)
    out.result = fact.payload.body();
  return out;
}

wire::Reply MemoryStore::answer(const Query& query) {
  if (query.verb == "db_query") return answer_query(query);
  const auto question = read_request(query.body);
  if (!question) return make_error(query, question.error());
  if (query.verb == "result") return answer_result(query, *question);
  if (query.verb == "payload") return answer_payload(query, *question);
  if (query.verb == "purge_results") return answer_purge(query, *question);
  return make_error(query, {Errc::invalid, "the database does not know '" + query.verb + "'"});
}

wire::Reply MemoryStore::answer_query(const Query& query) const {
  const auto asked = parse_task_query(query.body.bytes);
  if (!asked) return make_error(query, asked.error());
  std::vector<std::pair<QueryPlace, const Kept*>> found;
  for (const Kept& kept : records_) {
    const Record record = record_of(kept, false);
    if (!wants(*asked, record)) continue;
    found.push_back({{QueryValue::of(record.value(asked->order)), record.task}, &kept});
  }
  std::sort(found.begin(), found.end(), [&](const auto& a, const auto& b) {
    return place_of(*asked, a.first.value.borrow(), a.first.task, b.first) < 0;
  });
  PageAnswer page(query, *asked);
  for (const auto& [place, kept] : found) {
    if (page.done()) break;
    page.add(place.value.borrow(), place.task, [this, with = kept, &asked] {
      return std::optional(record_of(*with, asked->fields.has(Field::result)));
    });
  }
  return page.take();
}

wire::Reply MemoryStore::answer_result(const Query& query, const RequestBody& question) const {
  ResultAnswer answer(query, question);
  std::unordered_map<TaskId, const Kept*> found;
  for (const TaskId task : answer.wanted()) found.emplace(task, nullptr);
  for (const Kept& kept : records_)
    if (const auto wanted = found.find(task_of(kept.fact)); wanted != found.end())
      wanted->second = &kept;
  for (const TaskId task : answer.wanted()) {
    const Kept* kept = found[task];
    if (answer.full())
      answer.add_more(task);
    else if (kept != nullptr)
      answer.add(record_of(*kept, true));
    else
      answer.add_missing(task);
  }
  return answer.take();
}

wire::Reply MemoryStore::answer_payload(const Query& query, const RequestBody& question) {
  if (question.ids.size() != 1)
    return make_error(query, {Errc::invalid, "the payload of one task is asked for at a time"});
  const TaskId task = question.ids.front();
  const auto kept = std::find_if(records_.begin(), records_.end(),
                                 [&](const Kept& one) { return task_of(one.fact) == task; });
  if (kept == records_.end()) return make_error(query, no_such_payload(question.of, task, false));
  if (question.of == PayloadOf::result) {
    if (kept->fact.ending != wire::Ending::ok)
      return make_error(query, ended_badly(record_of(*kept, false)));
    if (!kept->has_result) return make_error(query, no_such_payload(question.of, task, true));
    return make_part(query, part_of(kept->fact.payload, question.offset));
  }
  const auto made = templates_.find(kept->fact.template_number);
  const Payload* arguments =
      kept->fact.arguments ? &*kept->fact.arguments : large_arguments_.find(key_of(kept->fact));
  if (arguments == nullptr || made == templates_.end())
    return make_error(query, no_such_payload(question.of, task, true));
  PayloadPart part = part_of(*arguments, question.offset);
  part.define = made->second.define.get();
  part.depends = kept->fact.depends;
  if (!part.depends.whole) return make_error(query, depends_left_out(task));
  if (part.define->view == "direct") part.engine = kept->fact.engine;
  return make_part(query, part);
}

wire::Reply MemoryStore::answer_purge(const Query& query, const RequestBody& question) {
  const std::unordered_set<TaskId> ids(question.ids.begin(), question.ids.end());
  const std::unordered_set<std::uint32_t> engines(question.engines.begin(), question.engines.end());
  const std::int64_t before =
      question.older_than_us ? time_before(query, *question.older_than_us) : 0;
  const auto is_meant = [&](const Kept& kept) {
    const Ended& fact = kept.fact;
    if (question.all || (fact.engine && engines.contains(fact.engine->value)) ||
        ids.contains(task_of(fact)))
      return true;
    if (!question.older_than_us && !question.where) return false;
    const Record record = record_of(kept, false);
    const std::int64_t over =
        record.completed_us() == 0 ? record.submitted_us : record.completed_us();
    return over < before || (question.where && matches(*question.where, record));
  };
  const std::size_t count = std::erase_if(records_, [&](const Kept& kept) {
    const bool meant = is_meant(kept);
    if (meant) large_arguments_.erase(key_of(kept.fact));
    return meant;
  });
  bytes_ = 0;
  for (const Kept& kept : records_) bytes_ += kept.bytes();
  return make_purged(query, count);
}

std::vector<RanOn> MemoryStore::places(const PlaceQuestion& question) {
  std::map<std::pair<SessionNumber, std::uint64_t>, std::optional<EngineId>> found;
  for (const Kept& kept : records_)
    for (const PlaceQuestion::Tasks& tasks : question.tasks)
      if (kept.fact.session == tasks.session && tasks.first <= kept.fact.sequence &&
          kept.fact.sequence <= tasks.last)
        found[{kept.fact.session, kept.fact.sequence}] = kept.fact.engine;
  std::vector<RanOn> out;
  for (const auto& [task, engine] : found) append_place(out, task.first, task.second, engine);
  return out;
}

Restored NoStore::restore() {
  return restored_from(file_);
}

wire::Reply NoStore::answer(const Query& query) {
  if (query.verb == "db_query") {
    const auto asked = parse_task_query(query.body.bytes);
    return asked ? PageAnswer(query, *asked).take() : make_error(query, asked.error());
  }
  const auto question = read_request(query.body);
  if (!question) return make_error(query, question.error());
  if (query.verb == "purge_results") return make_purged(query, 0);
  if (query.verb == "payload")
    return make_error(query, {Errc::payload_lost,
                              "this hub keeps no record of finished tasks (store.kind none)"});
  ResultAnswer answer(query, *question);
  for (const TaskId task : answer.wanted()) answer.add_missing(task);
  return answer.take();
}

}  // namespace roundhouse::hub
