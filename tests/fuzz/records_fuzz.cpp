// Any bytes as a batch: refused with a text or decoded, never a crash; and what was decoded
// re-encodes to something that decodes to equal records. The first byte of the input says how many
// bulk frames come with it, so that records with frames are reached, too.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/check.hpp"
#include "shared/printed.hpp"
#include "shared/records.hpp"

using namespace roundhouse;

namespace {

bool same(const wire::SubmitRecord& a, const wire::SubmitRecord& b) {
  return a.sequence == b.sequence && a.count == b.count && a.template_number == b.template_number &&
         a.engines == b.engines && a.ends == b.ends && a.payload == b.payload &&
         a.blank == b.blank && a.depends == b.depends &&
         (a.depends.size == 0 || a.after_ranges == b.after_ranges) &&
         (a.depends.size == 0 || (a.after_mode == b.after_mode && a.follow_mode == b.follow_mode));
}

bool same(const wire::AssignRecord& a, const wire::AssignRecord& b) {
  return a.number == b.number && a.sequence == b.sequence && a.fence == b.fence &&
         a.template_number == b.template_number && a.direct == b.direct && a.payload == b.payload;
}

bool same(const wire::FinishedRecord& a, const wire::FinishedRecord& b) {
  return a.task == b.task && a.fence == b.fence && a.ending == b.ending &&
         a.started_us == b.started_us && a.duration_ns == b.duration_ns && a.payload == b.payload &&
         a.printed.view() == b.printed.view();
}

bool same(const wire::OutcomeRecord& a, const wire::OutcomeRecord& b) {
  return a.sequence == b.sequence && a.ending == b.ending && a.attempt == b.attempt &&
         a.engine == b.engine && a.started_us == b.started_us && a.duration_ns == b.duration_ns &&
         a.payload == b.payload && a.printed.view() == b.printed.view();
}

bool same(const wire::HoldingRecord& a, const wire::HoldingRecord& b) {
  return a.number == b.number && a.task == b.task && a.fence == b.fence && a.running == b.running;
}

// What the hub does with every record that it accepts.
void use(const wire::SubmitRecord& record) {
  const std::uint32_t step = std::max<std::uint32_t>(1, record.count / 16);
  for (std::uint32_t i = 0; i < record.count; i += step) {
    RH_CHECK(record.payload_of(i).body().size() <= wire::kHeaderBytesMax + record.payload.size());
    if (record.direct()) static_cast<void>(record.engine_of(i));
  }
  const std::uint32_t last = record.count - 1;
  static_cast<void>(record.payload_of(last).body());
  for (const auto& ranges : {record.after(), record.follow()})
    for (const wire::TaskRange& range : ranges) RH_CHECK(range.count() <= wire::kDependenciesMax);
  if (record.direct()) static_cast<void>(record.engine_of(last));
}

// What the client does with what a task wrote.
void use(const wire::OutcomeRecord& record) {
  const wire::Printed printed = wire::decode_printed(record.printed.view());
  RH_CHECK(wire::decode_printed(wire::encode_printed(printed)) == printed);
  for (const wire::PrintedStream& stream : {printed.out, printed.err})
    RH_CHECK(stream.text().size() <= record.printed.size + 64);
}

template <class Record>
void use(const Record&) {}

template <class Record>
void try_as(const wire::Message& message) {
  wire::Batch<Record> batch;
  if (const auto decoded = wire::decode_batch(message, batch); !decoded) {
    RH_CHECK(!decoded.error().text.empty());
    RH_CHECK(batch.records.empty());
    return;
  }
  wire::BatchWriter<Record> writer;
  for (const Record& record : batch.records) {
    use(record);
    writer.add(record);
  }
  wire::Batch<Record> again;
  RH_CHECK(wire::decode_batch(writer.take(batch.first), again).ok());
  RH_CHECK(again.first == batch.first);
  RH_CHECK(again.records.size() == batch.records.size());
  for (std::size_t i = 0; i < again.records.size(); ++i)
    RH_CHECK(same(again.records[i], batch.records[i]));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  wire::Message message{Buffer::copy(bytes), {}};
  for (unsigned i = 0; i < data[0] % 8U; ++i)
    message.frames.push_back(Buffer::take("frame " + std::to_string(i)));
  try_as<wire::SubmitRecord>(message);
  try_as<wire::AssignRecord>(message);
  try_as<wire::FinishedRecord>(message);
  try_as<wire::OutcomeRecord>(message);
  try_as<wire::HoldingRecord>(message);
  return 0;
}
