#include "hub/record.hpp"

#include <algorithm>
#include <utility>

#include "shared/pack.hpp"

namespace roundhouse::hub {
namespace {

// The msg_id of a live record; nothing when it has none, which would be a defect of the router's.
std::optional<TaskId> id_of(const wire::Raw& live) {
  wire::Unpacker u(live.bytes);
  for (std::size_t pairs = u.map(); pairs > 0 && u.ok(); --pairs) {
    if (u.str() == "msg_id") return parse_task_id(u.str());
    u.skip();
  }
  return std::nullopt;
}

Result<TaskId> read_id(wire::Unpacker& u) {
  const std::string_view text = u.str();
  if (const auto id = parse_task_id(text)) return *id;
  return Error{Errc::invalid,
               "'" + std::string(text.substr(0, 40)) + "' is no msg_id: 32 hexadecimal digits are"};
}

// Reads the value of one key; false with `error` set when it makes no sense.
bool read_key(std::string_view key, wire::Unpacker& u, Question& out, Error& error) {
  if (key == "ids") {
    const std::size_t count = u.array();
    if (count > kAnswerIdsMax) {
      error = {Errc::too_large,
               "more than " + std::to_string(kAnswerIdsMax) + " ids: ask in parts"};
      return false;
    }
    for (std::size_t i = 0; i < count && u.ok(); ++i) {
      const auto id = read_id(u);
      if (u.ok() && !id) return error = id.error(), false;
      if (id) out.ids.push_back(*id);
    }
  } else if (key == "engines") {
    const std::size_t count = u.array();
    for (std::size_t i = 0; i < count && u.ok(); ++i) out.engines.push_back(u.u32());
  } else if (key == "all") {
    out.all = u.boolean();
  } else if (key == "limit") {
    out.limit = static_cast<std::size_t>(std::min<std::uint64_t>(u.u64(), kAnswerIdsMax));
  } else if (key == "before") {
    if (u.nil()) return true;
    const auto id = read_id(u);
    if (u.ok() && !id) return error = id.error(), false;
    if (id) out.before = *id;
  } else {
    u.skip();
  }
  return true;
}

void pack_error(const wire::ErrorValue& error, wire::Packer& p) {
  const auto part = [](std::string_view text) { return text.substr(0, kErrorTextMax); };
  p.map(3);
  p.str("name"), p.str(part(error.name));
  p.str("value"), p.str(part(error.value));
  p.str("traceback"), p.str(part(error.traceback));
}

wire::Reply reply_with(std::uint64_t request, std::string body) {
  wire::Reply out;
  out.id = request;
  out.body.bytes = std::move(body);
  return out;
}

}  // namespace

void pack_record(const Record& record, std::string& out) {
  wire::Packer p(out);
  const bool failed = record.ending != wire::Ending::ok;
  const bool run = record.engine.has_value();
  std::size_t pairs = 12;
  pairs += record.started_us != 0 ? 3U : 0U;
  pairs += record.received_us != 0 ? 1U : 0U;
  pairs += run ? 3U : 0U;
  pairs += failed ? 1U : 0U;
  pairs += record.result ? 1U : 0U;
  p.map(pairs);
  p.str("msg_id"), p.str(to_string(record.task));
  p.str("session"), p.str(to_string(record.task).substr(0, 16));
  p.str("sequence"), p.u64(record.task.sequence);
  p.str("function"), p.str(record.function);
  p.str("label"), p.str(record.label);
  p.str("view"), p.str(record.view);
  p.str("targets"), p.array(record.targets.size());
  for (const std::uint32_t target : record.targets) p.u64(target);
  p.str("status"), p.str(failed ? "error" : "ok");
  p.str("outcome"), p.str(wire::to_string(record.ending));
  p.str("attempt"), p.u64(record.attempt);
  p.str("submitted"), p.i64(record.submitted_us);
  p.str("result_bytes"), p.u64(record.result_bytes);
  if (record.started_us != 0) {
    p.str("started"), p.i64(record.started_us);
    p.str("completed"), p.i64(record.completed_us());
    p.str("duration_ns"), p.u64(record.duration_ns);
  }
  if (record.received_us != 0) p.str("received"), p.i64(record.received_us);
  if (run) {
    p.str("engine_id"), p.u64(record.engine->value);
    p.str("engine_uuid"), p.str(to_string(record.engine_uuid));
    p.str("incarnation"), p.u64(record.incarnation);
  }
  if (failed) p.str("error"), pack_error(record.error, p);
  if (record.result) p.str("result"), p.bin(*record.result);
}

Result<Question> parse_question(const Query& query) {
  Question out;
  if (query.body.bytes.empty()) return out;
  wire::Unpacker u(query.body.bytes);
  Error error;
  for (std::size_t pairs = u.map(); pairs > 0 && u.ok(); --pairs) {
    const std::string_view key = u.str();
    if (u.ok() && !read_key(key, u, out, error)) return error;
  }
  if (!u.done())
    return Error{Errc::malformed, "the body of a '" + query.verb + "' request cannot be read"};
  return out;
}

wire::Reply make_error(const Query& query, const Error& error) {
  wire::Reply out;
  out.id = query.request;
  out.code = to_string(error.code);
  out.text = error.text;
  return out;
}

ResultAnswer::ResultAnswer(const Query& query, const Question& question) : request_(query.request) {
  std::unordered_set<TaskId> seen;
  for (const wire::Raw& live : query.live) {
    const auto id = id_of(live);
    if (!id || !seen.insert(*id).second) continue;
    if (full()) {
      add_more(*id);
      continue;
    }
    records_ += live.bytes;
    ++count_;
  }
  for (const TaskId id : question.ids)
    if (seen.insert(id).second) wanted_.push_back(id);
}

void ResultAnswer::add(const Record& record) {
  pack_record(record, records_);
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

HistoryAnswer::HistoryAnswer(const Query& query, const Question& question)
    : request_(query.request), limit_(question.limit) {
  for (const wire::Raw& live : query.live)
    if (const auto id = id_of(live); id && !live_.contains(*id)) {
      add(*id);
      live_.insert(*id);
    }
}

bool HistoryAnswer::add(TaskId task) {
  if (live_.contains(task)) return true;
  if (full()) {
    more_ = true;
    return false;
  }
  wire::Packer(ids_).str(to_string(task));
  ++count_;
  return true;
}

wire::Reply HistoryAnswer::take() {
  std::string body;
  wire::Packer p(body);
  p.map(2);
  p.str("ids"), p.array(count_), p.raw(ids_);
  p.str("more"), p.boolean(more_);
  return reply_with(request_, std::move(body));
}

wire::Reply make_purged(const Query& query, std::uint64_t count) {
  std::string body;
  wire::Packer p(body);
  p.map(1);
  p.str("purged"), p.u64(count);
  return reply_with(query.request, std::move(body));
}

}  // namespace roundhouse::hub
