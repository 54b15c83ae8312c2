#include "hub/core/record.hpp"

#include <algorithm>

#include "shared/pack.hpp"

namespace roundhouse::hub {
namespace {

std::string_view short_part(std::string_view text) {
  return text.substr(0, kErrorTextMax);
}

void pack_error(const wire::ErrorValue& error, wire::Packer& p) {
  p.map(error.attempts.empty() ? 3 : 4);
  p.str("name"), p.str(short_part(error.name));
  p.str("value"), p.str(short_part(error.value));
  p.str("traceback"), p.str(short_part(error.traceback));
  if (!error.attempts.empty()) p.str("attempts"), p.raw(wire::encode_attempts(error.attempts));
}

FieldValue number_if(bool known, std::uint64_t value) {
  return known ? FieldValue::of(static_cast<std::int64_t>(value)) : FieldValue{};
}

FieldValue time_if_known(std::int64_t us) {
  return us == 0 ? FieldValue{} : FieldValue::of(us);
}

FieldValue text_if_known(std::string_view text) {
  return text.empty() ? FieldValue{} : FieldValue::of(text);
}

// Whether a field that is no plain value has something to say.
bool has_bulk(const Record& record, Field field) {
  if (field == Field::targets) return true;
  if (field == Field::after) return record.depends.after_ranges > 0;
  if (field == Field::follow) return record.depends.follows();
  if (field == Field::standard_output) return !record.printed_out.empty();
  if (field == Field::standard_error) return !record.printed_err.empty();
  if (field == Field::error) return record.status == TaskStatus::error;
  return record.result.has_value();
}

void pack_bulk(const Record& record, Field field, wire::Packer& p) {
  if (field == Field::targets) {
    p.array(record.targets.size());
    for (const std::uint32_t target : record.targets) p.u64(target);
  } else if (field == Field::after || field == Field::follow) {
    const std::vector<TaskId> ids =
        field == Field::after ? record.depends.after() : record.depends.follow();
    p.array(ids.size());
    for (const TaskId id : ids) p.str(to_string(id));
  } else if (field == Field::standard_output || field == Field::standard_error) {
    p.str(field == Field::standard_output ? record.printed_out : record.printed_err);
  } else if (field == Field::error) {
    pack_error(record.error, p);
  } else {
    p.bin(*record.result);
  }
}

void pack_value(const FieldValue& value, FieldKind kind, wire::Packer& p) {
  switch (value.kind) {
    case FieldValue::Kind::number: return p.i64(value.number);
    case FieldValue::Kind::text: return p.str(short_part(value.text));
    case FieldValue::Kind::id: {
      const std::string text = to_string(value.id);
      return p.str(kind == FieldKind::session ? std::string_view(text).substr(0, 16) : text);
    }
    case FieldValue::Kind::none: return p.nil();
  }
}

}  // namespace

std::optional<Field> find_field(std::string_view name) {
  const auto* found = std::find_if(kFields.begin(), kFields.end(),
                                   [&](const FieldInfo& info) { return info.name == name; });
  if (found == kFields.end()) return std::nullopt;
  return static_cast<Field>(found - kFields.begin());
}

FieldSet FieldSet::whole() {
  FieldSet out;
  out.bits_.set();
  out.bits_.reset(static_cast<std::size_t>(Field::error_name));
  out.bits_.reset(static_cast<std::size_t>(Field::error_value));
  return out;
}

FieldSet FieldSet::without_result() {
  FieldSet out = whole();
  out.bits_.reset(static_cast<std::size_t>(Field::result));
  return out;
}

std::string_view name_of(TaskStatus status) {
  switch (status) {
    case TaskStatus::pending: return "pending";
    case TaskStatus::running: return "running";
    case TaskStatus::ok: return "ok";
    case TaskStatus::error: return "error";
  }
  return "?";
}

FieldValue Record::value(Field field) const {
  const bool failed = status == TaskStatus::error;
  switch (field) {
    case Field::msg_id: return FieldValue::of(task);
    case Field::session: return FieldValue::of(TaskId{task.session, 0});
    case Field::sequence: return number_if(true, task.sequence);
    case Field::function: return FieldValue::of(std::string_view(function));
    case Field::signature: return text_if_known(signature);
    case Field::label: return FieldValue::of(std::string_view(label));
    case Field::view: return FieldValue::of(std::string_view(view));
    case Field::status: return FieldValue::of(name_of(status));
    case Field::outcome: return finished() ? FieldValue::of(wire::to_string(ending)) : FieldValue{};
    case Field::attempt: return number_if(true, attempt);
    case Field::submitted: return FieldValue::of(submitted_us);
    case Field::started: return time_if_known(started_us);
    case Field::completed: return time_if_known(completed_us());
    case Field::received: return time_if_known(received_us);
    case Field::duration_ns: return number_if(completed_us() != 0, duration_ns);
    case Field::engine_id: return number_if(engine.has_value(), engine ? engine->value : 0);
    case Field::engine_uuid:
      if (!engine || engine_uuid.empty()) return {};
      uuid_text_ = to_string(engine_uuid);
      return FieldValue::of(std::string_view(uuid_text_));
    case Field::incarnation: return number_if(engine.has_value() && incarnation != 0, incarnation);
    case Field::error_name:
      return failed ? FieldValue::of(std::string_view(error.name)) : FieldValue{};
    case Field::error_value:
      return failed ? FieldValue::of(std::string_view(error.value)) : FieldValue{};
    case Field::result_bytes: return number_if(finished(), result_bytes);
    case Field::targets:
    case Field::error:
    case Field::after:
    case Field::follow:
    case Field::standard_output:
    case Field::standard_error:
    case Field::result: break;
  }
  return {};
}

void pack_record(const Record& record, const FieldSet& fields, std::string& out) {
  std::size_t pairs = 0;
  std::string body;
  wire::Packer p(body);
  for (std::size_t at = 0; at < kFields.size(); ++at) {
    const auto field = static_cast<Field>(at);
    const FieldInfo& info = info_of(field);
    if (!fields.has(field) && field != Field::msg_id) continue;
    if (info.kind == FieldKind::bulk) {
      if (!has_bulk(record, field)) continue;
      p.str(info.name), pack_bulk(record, field, p);
    } else {
      const FieldValue value = record.value(field);
      if (value.kind == FieldValue::Kind::none) continue;
      p.str(info.name), pack_value(value, info.kind, p);
    }
    ++pairs;
  }
  wire::Packer(out).map(pairs);
  out += body;
}

}  // namespace roundhouse::hub
