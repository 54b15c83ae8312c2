#include "hub/answers.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "shared/pack.hpp"

namespace roundhouse::hub {
namespace {

wire::Reply reply_with(std::uint64_t request, std::string body) {
  wire::Reply out;
  out.id = request;
  out.body.bytes = std::move(body);
  return out;
}

void pack_place(const QueryPlace& place, wire::Packer& p) {
  p.array(2);
  switch (place.value.kind) {
    case FieldValue::Kind::none: p.nil(); break;
    case FieldValue::Kind::number: p.i64(place.value.number); break;
    case FieldValue::Kind::text: p.str(place.value.text); break;
    case FieldValue::Kind::id:
      // A session's is shorter; the reader takes what the field needs.
      p.str(to_string(place.value.id).substr(0, place.value.id.sequence == 0 ? 16 : 32));
      break;
  }
  p.str(to_string(place.task));
}

}  // namespace

wire::Reply make_error(const Query& query, const Error& error) {
  wire::Reply out;
  out.id = query.request;
  out.code = to_string(error.code);
  out.text = error.text;
  return out;
}

wire::Reply make_purged(const Query& query, std::uint64_t count) {
  std::string body;
  wire::Packer p(body);
  p.map(1), p.str("purged"), p.u64(count);
  return reply_with(query.request, std::move(body));
}

wire::Reply make_part(const Query& query, const PayloadPart& part) {
  std::string body;
  pack_payload_part(part, body);
  return reply_with(query.request, std::move(body));
}

Error no_such_payload(PayloadOf what, TaskId task, bool finished) {
  const std::string id = to_string(task);
  if (!finished)
    return {Errc::unknown_task,
            "the hub has no record of task " + id + ": it was purged, or never was"};
  if (what == PayloadOf::result)
    return {Errc::payload_lost, "the result of task " + id +
                                    " is no longer kept: large ones that their client has "
                                    "received make room for others (store.blob_bytes_max)"};
  return {Errc::payload_lost,
          "the arguments of task " + id +
              " are no longer kept: of a finished task small ones are (store.arguments_bytes_max), "
              "and large arrays while the hub runs and has room (store.large_arguments_bytes_max)"};
}

Error ended_badly(const Record& record) {
  return {Errc::invalid, "task " + to_string(record.task) + " ended with '" +
                             std::string(wire::to_string(record.ending)) +
                             "': its record has the error, and there is no result"};
}

std::int64_t time_before(const Query& query, std::uint64_t age_us) {
  const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(query.at_us, 0));
  return static_cast<std::int64_t>(now - std::min(now, age_us));
}

ResultAnswer::ResultAnswer(const Query& query, const RequestBody& question)
    : request_(query.request) {
  std::unordered_set<TaskId> live;
  for (const Record& record : query.live) {
    live.insert(record.task);
    full() ? add_more(record.task) : add(record);
  }
  for (const TaskId id : question.ids)
    if (!live.contains(id)) wanted_.push_back(id);
}

void ResultAnswer::add(const Record& record) {
  pack_record(record, FieldSet::whole(), records_);
  ++count_;
}

void ResultAnswer::add_missing(TaskId task) {
  wire::Packer(missing_).str(to_string(task));
  ++missing_count_;
}

void ResultAnswer::add_more(TaskId task) {
  wire::Packer(more_).str(to_string(task));
  ++more_count_;
}

wire::Reply ResultAnswer::take() {
  std::string body;
  wire::Packer p(body);
  p.map(3);
  p.str("records"), p.array(count_), p.raw(records_);
  p.str("missing"), p.array(missing_count_), p.raw(missing_);
  p.str("more"), p.array(more_count_), p.raw(more_);
  return reply_with(request_, std::move(body));
}

PageAnswer::PageAnswer(const Query& query, const TaskQuery& asked) : query_(query), asked_(asked) {
  more_ = asked.limit == 0;
}

bool PageAnswer::skip() {
  if (more_) return true;
  if (skipped_ < asked_.offset) {
    ++skipped_;
    return true;
  }
  more_ = count_ >= asked_.limit || records_.size() >= kAnswerBytesMax;
  return more_;
}

void PageAnswer::put(const FieldValue& value, const Record& record) {
  pack_record(record, asked_.fields, records_);
  ++count_;
  last_ = {QueryValue::of(value), record.task};
}

void PageAnswer::add_live_before(const FieldValue& value, TaskId task) {
  const QueryPlace here{QueryValue::of(value), task};
  for (; next_live_ < query_.live.size() && !more_; ++next_live_) {
    const Record& live = query_.live[next_live_];
    const FieldValue order = live.value(asked_.order);
    if (place_of(asked_, order, live.task, here) >= 0) return;
    if (!skip()) put(order, live);
  }
}

void PageAnswer::add(const FieldValue& value, TaskId task,
                     const std::function<std::optional<Record>()>& find) {
  if (next_live_ < query_.live.size()) add_live_before(value, task);
  // It has ended since the router told of it: here is what became of it.
  if (next_live_ < query_.live.size() && query_.live[next_live_].task == task) ++next_live_;
  if (skip()) return;
  if (const auto record = find()) put(value, *record);
}

wire::Reply PageAnswer::take() {
  for (; next_live_ < query_.live.size() && !more_; ++next_live_) {
    const Record& live = query_.live[next_live_];
    if (!skip()) put(live.value(asked_.order), live);
  }
  std::string body;
  wire::Packer p(body);
  const bool has_next = more_ && count_ > 0;
  p.map(has_next ? 3 : 2);
  p.str("records"), p.array(count_), p.raw(records_);
  p.str("more"), p.boolean(more_);
  if (has_next) p.str("next"), pack_place(last_, p);
  return reply_with(query_.request, std::move(body));
}

}  // namespace roundhouse::hub
