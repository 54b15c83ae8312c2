#include "client/task_record.hpp"

#include <chrono>
#include <optional>

#include "client/body_json.hpp"

namespace roundhouse::detail {
namespace {

std::optional<UtcTime> time_of(const BodyMap& map, std::string_view name) {
  const auto us = map.signed_number(name);
  if (!us || *us == 0) return std::nullopt;
  return UtcTime(std::chrono::microseconds(*us));
}

template <class T>
T number_of(const BodyMap& map, std::string_view name) {
  return static_cast<T>(map.number(name).value_or(0));
}

}  // namespace

std::vector<RemoteAttempt> attempts_of(const std::vector<wire::Attempt>& attempts) {
  std::vector<RemoteAttempt> out;
  for (const wire::Attempt& attempt : attempts) {
    RemoteAttempt& made = out.emplace_back();
    if (attempt.engine) made.engine_id = attempt.engine->value;
    made.incarnation = attempt.incarnation;
    made.outcome = attempt.ended, made.name = attempt.name, made.value = attempt.value;
    made.started_us = attempt.started_us;
  }
  return out;
}

TaskRecord read_record(std::string_view bytes) {
  const BodyMap map(bytes);
  TaskRecord out;
  Metadata& metadata = out.metadata;
  metadata.msg_id = map.text("msg_id");
  metadata.label = map.text("label");
  metadata.function = map.text("function");
  metadata.submitted = time_of(map, "submitted");
  metadata.started = time_of(map, "started");
  metadata.completed = time_of(map, "completed");
  metadata.received = time_of(map, "received");
  if (const auto engine = map.number("engine_id")) metadata.engine_id = static_cast<int>(*engine);
  metadata.engine_uuid = map.text("engine_uuid");
  metadata.status = map.text("status");
  metadata.outcome = map.text("outcome");
  metadata.attempt = number_of<std::uint32_t>(map, "attempt");
  metadata.duration = std::chrono::nanoseconds(number_of<std::int64_t>(map, "duration_ns"));
  metadata.output = map.text("output");
  metadata.stdout = map.text("stdout");
  metadata.stderr = map.text("stderr");
  metadata.after = map.texts("after");
  metadata.follow = map.texts("follow");
  out.view = map.text("view");
  if (map.has("result_bytes")) out.result_bytes = map.number("result_bytes");
  if (map.has("result")) out.result = map.text("result");
  if (map.has("error")) {
    const BodyMap error(map.find("error"));
    out.error_name = error.text("name");
    out.error_value = error.text("value");
    metadata.error = RemoteErrorInfo{
        error.text("name"),      error.text("value"),
        error.text("traceback"), std::nullopt,
        metadata.msg_id,         attempts_of(wire::decode_attempts(error.find("attempts")))};
    if (metadata.engine_id)
      metadata.error->engine_id = static_cast<std::uint32_t>(*metadata.engine_id);
  }
  out.json = json_of(bytes);
  return out;
}

}  // namespace roundhouse::detail
