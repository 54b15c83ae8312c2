#include "tests/sim/trace.hpp"

#include <variant>

namespace roundhouse::sim {
namespace {

std::string fence_text(Fence fence) {
  return "#" + std::to_string(fence.epoch) + "." + std::to_string(fence.attempt);
}

std::string task_text(TaskId task) {
  return std::to_string(task.session.value % 1000) + "/" + std::to_string(task.sequence);
}

std::string text_of(const wire::SubmitRecord& r) {
  std::string out = std::to_string(r.sequence);
  if (r.count > 1) out += "-" + std::to_string(r.sequence + r.count - 1);
  if (r.blank) out += "~";
  if (r.direct()) out += "@" + std::to_string(r.engine_of(0).value);
  return out;
}

std::string text_of(const wire::AssignRecord& r) {
  return std::to_string(r.number) + ":t" + std::to_string(r.template_number) + "/" +
         std::to_string(r.sequence) + fence_text(r.fence) + (r.direct ? "d" : "");
}

std::string text_of(const wire::FinishedRecord& r) {
  return task_text(r.task) + fence_text(r.fence) + "=" + std::string(to_string(r.ending));
}

std::string text_of(const wire::OutcomeRecord& r) {
  return std::to_string(r.sequence) + "=" + std::string(to_string(r.ending));
}

std::string text_of(const wire::HoldingRecord& r) {
  return std::to_string(r.number) + ":" + task_text(r.task) + fence_text(r.fence) +
         (r.running ? "*" : "");
}

template <class Record>
std::string batch_text(const wire::Message& message, const char* name) {
  wire::Batch<Record> batch;
  if (const auto decoded = wire::decode_batch(message, batch); !decoded)
    return decoded.error().text;
  std::string out = std::string(name) + " first=" + std::to_string(batch.first);
  for (const Record& record : batch.records) out += " " + text_of(record);
  return out;
}

}  // namespace

std::string describe(const wire::Message& message, bool from_engine) {
  const auto kind = wire::kind_of(message);
  if (!kind) return kind.error().text;
  switch (*kind) {
    case wire::Kind::submit: return batch_text<wire::SubmitRecord>(message, "submit");
    case wire::Kind::assign: return batch_text<wire::AssignRecord>(message, "assign");
    case wire::Kind::holding: return batch_text<wire::HoldingRecord>(message, "holding");
    case wire::Kind::outcome:
      return from_engine ? batch_text<wire::FinishedRecord>(message, "outcome")
                         : batch_text<wire::OutcomeRecord>(message, "outcome");
    default: break;
  }
  const auto decoded = wire::decode(message);
  if (!decoded) return decoded.error().text;
  return std::visit([](const auto& m) { return wire::describe(m); }, *decoded);
}

}  // namespace roundhouse::sim
