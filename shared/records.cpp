#include "shared/records.hpp"

#include <array>
#include <utility>

#include "shared/pack.hpp"
#include "shared/protocol_version.hpp"

namespace roundhouse::wire {
namespace {

constexpr std::size_t kFirstAt = kPrefixBytes + 1;  // behind the tag of a 64-bit number
constexpr std::size_t kCountAt = kFirstAt + 8 + 1;
constexpr std::size_t kBatchPrefix = kCountAt + 2;

template <class Record>
constexpr Kind kind_for = Kind::submit;
template <>
constexpr Kind kind_for<AssignRecord> = Kind::assign;
template <>
constexpr Kind kind_for<FinishedRecord> = Kind::outcome;
template <>
constexpr Kind kind_for<OutcomeRecord> = Kind::outcome;
template <>
constexpr Kind kind_for<HoldingRecord> = Kind::holding;

template <class T = std::uint32_t>
T little_endian(std::string_view bytes, std::size_t index) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value |= static_cast<T>(static_cast<unsigned char>(bytes[sizeof(T) * index + i])) << (8 * i);
  return value;
}

// Bits of a mode on the wire.
constexpr std::uint64_t kAny = 1;
constexpr std::uint64_t kSuccess = 2;
constexpr std::uint64_t kFailure = 4;

// Payloads: body, number of spilled frames, number of frames.

void put(Packer& p, const Payload& payload, Frames& frames) {
  p.bin_header(payload.inline_size());
  p.raw(payload.head()), p.raw(payload.tail());
  p.u64(payload.spill), p.u64(payload.frame_count());
  if (payload.frames) frames.insert(frames.end(), payload.frames->begin(), payload.frames->end());
}

// What the records of one message draw on.
struct Source {
  const Message& message;
  std::size_t next_frame = 0;

  std::uint32_t offset_of(std::string_view part) const {
    return part.empty() ? 0U : static_cast<std::uint32_t>(part.data() - message.header.data());
  }

  void take_frames(Unpacker& u, Payload& out) {
    const std::uint32_t spill = u.u32();
    const std::uint32_t count = u.u32();
    if (spill > count || count > message.frames.size() - next_frame) return u.fail();
    if (spill > 0 && out.inline_size() > 0) return u.fail();  // a body is in one place
    out.spill = spill;
    if (count == 0 || !u.ok()) return;
    const auto from = message.frames.begin() + static_cast<std::ptrdiff_t>(next_frame);
    out.frames = std::make_shared<const Frames>(from, from + static_cast<std::ptrdiff_t>(count));
    next_frame += count;
  }

  void take_payload(Unpacker& u, Payload& out) {
    const std::string_view body = u.bin();
    out.block = message.header;
    out.head_at = offset_of(body);
    out.head_size = static_cast<std::uint32_t>(body.size());
    take_frames(u, out);
  }
};

std::uint64_t bits_of(DependencyMode mode) {
  return (mode.any ? kAny : 0) | (mode.success ? kSuccess : 0) | (mode.failure ? kFailure : 0);
}

DependencyMode mode_of(std::uint64_t bits) {
  return {(bits & kAny) != 0, (bits & kSuccess) != 0, (bits & kFailure) != 0};
}

// One overload per record: count of elements, writing, reading.

void put(Packer& p, const SubmitRecord& r, Frames& frames) {
  const bool depends = r.depends.size > 0;
  p.array(depends ? 13 : r.blank ? 10 : 9);
  p.u64(r.sequence), p.u64(r.count), p.u64(r.template_number);
  p.bin(r.engines.view()), p.bin(r.ends.view());
  p.bin(r.payload.head()), p.bin(r.payload.tail());
  p.u64(r.payload.spill), p.u64(r.payload.frame_count());
  if (r.blank || depends) p.boolean(r.blank);
  if (depends) {
    p.bin(r.depends.view()), p.u64(r.after_ranges);
    p.u64(bits_of(r.after_mode, r.follow_mode));
  }
  if (r.payload.frames)
    frames.insert(frames.end(), r.payload.frames->begin(), r.payload.frames->end());
}

bool ends_are_sound(const SubmitRecord& r) {
  const std::string_view ends = r.ends.view();
  if (ends.empty()) return true;
  if (ends.size() != std::size_t{4} * r.count) return false;
  std::uint32_t last = 0;
  for (std::uint32_t i = 0; i < r.count; ++i) {
    const std::uint32_t end = little_endian(ends, i);
    if (end < last || end > r.payload.tail_size) return false;
    last = end;
  }
  return true;
}

std::size_t get(Unpacker& u, Source& source, SubmitRecord& r) {
  r.sequence = u.u64(), r.count = u.u32(), r.template_number = u.u32();
  r.engines = Slice{source.message.header, u.bin()};
  r.ends = Slice{source.message.header, u.bin()};
  const std::string_view head = u.bin();
  const std::string_view tail = u.bin();
  r.payload.block = source.message.header;
  r.payload.head_at = source.offset_of(head);
  r.payload.head_size = static_cast<std::uint32_t>(head.size());
  r.payload.tail_at = source.offset_of(tail);
  r.payload.tail_size = static_cast<std::uint32_t>(tail.size());
  source.take_frames(u, r.payload);
  const bool count_is_sound = r.count >= 1 && r.count <= kRunTasksMax && r.sequence >= 1 &&
                              r.sequence < kSequenceEnd && r.count <= kSequenceEnd - r.sequence;
  const bool engines_are_sound =
      r.engines.size == 0 || r.engines.size == 4 || r.engines.size == std::size_t{4} * r.count;
  if (!count_is_sound || !engines_are_sound || !ends_are_sound(r)) u.fail();
  return 9;
}

bool dependencies_are_sound(const SubmitRecord& r) {
  const std::string_view bytes = r.depends.view();
  const TaskRanges ranges(bytes);
  if (bytes.size() % TaskRanges::kBytes != 0 || ranges.size() > kDependencyRangesMax ||
      r.after_ranges > ranges.size())
    return false;
  for (const DependencyMode mode : {r.after_mode, r.follow_mode})
    if (!mode.success && !mode.failure) return false;
  std::uint64_t tasks = 0;
  for (const TaskRange& range : ranges) {
    if (range.first == 0 || range.last < range.first || range.last >= kSequenceEnd) return false;
    tasks += range.count();
    if (tasks > kDependenciesMax) return false;
  }
  return true;
}

// Elements that are only there when they say something, of `left` ones; how many were read.
std::size_t get_optional(Unpacker& u, const Source& source, std::size_t left, SubmitRecord& r) {
  r.blank = u.boolean();
  if (left < 4) return 1;
  r.depends = Slice{source.message.header, u.bin()};
  r.after_ranges = u.u32();
  read_modes(u.u64(), r.after_mode, r.follow_mode);
  if (r.depends.size == 0) r.after_ranges = 0;  // whatever it said
  if (r.depends.size > 0 && !dependencies_are_sound(r)) u.fail();
  return 4;
}

template <class Record>

requires requires(Record& r) {
  r.printed;
}

std::size_t get_optional(Unpacker& u, const Source& source, std::size_t /*left*/, Record& r) {
  r.printed = Slice{source.message.header, u.bin()};
  return 1;
}

template <class Record>
std::size_t get_optional(Unpacker& /*u*/, const Source& /*source*/, std::size_t /*left*/,
                         Record& /*r*/) {
  return 0;
}

void put(Packer& p, const AssignRecord& r, Frames& frames) {
  p.array(9);
  p.u64(r.number), p.u64(r.sequence), p.u64(r.fence.epoch), p.u64(r.fence.attempt);
  p.u64(r.template_number), p.boolean(r.direct);
  put(p, r.payload, frames);
}

std::size_t get(Unpacker& u, Source& source, AssignRecord& r) {
  r.number = u.u64(), r.sequence = u.u64(), r.fence.epoch = u.u64(), r.fence.attempt = u.u32();
  r.template_number = u.u32(), r.direct = u.boolean();
  source.take_payload(u, r.payload);
  return 9;
}

Ending get_ending(Unpacker& u) {
  const std::uint64_t number = u.u64();
  if (number > static_cast<std::uint64_t>(Ending::unmet)) u.fail();
  return u.ok() ? static_cast<Ending>(number) : Ending::ok;
}

void put(Packer& p, const FinishedRecord& r, Frames& frames) {
  p.array(r.printed.size > 0 ? 11 : 10);
  p.u64(r.task.session.value), p.u64(r.task.sequence), p.u64(r.fence.epoch);
  p.u64(r.fence.attempt), p.u64(static_cast<std::uint64_t>(r.ending));
  p.i64(r.started_us), p.u64(r.duration_ns);
  put(p, r.payload, frames);
  if (r.printed.size > 0) p.bin(r.printed.view());
}

std::size_t get(Unpacker& u, Source& source, FinishedRecord& r) {
  r.task.session.value = u.u64(), r.task.sequence = u.u64(), r.fence.epoch = u.u64();
  r.fence.attempt = u.u32(), r.ending = get_ending(u);
  r.started_us = u.i64(), r.duration_ns = u.u64();
  source.take_payload(u, r.payload);
  return 10;
}

void put(Packer& p, const OutcomeRecord& r, Frames& frames) {
  p.array(r.printed.size > 0 ? 10 : 9);
  p.u64(r.sequence), p.u64(static_cast<std::uint64_t>(r.ending)), p.u64(r.attempt);
  r.engine ? p.u64(r.engine->value) : p.nil();
  p.i64(r.started_us), p.u64(r.duration_ns);
  put(p, r.payload, frames);
  if (r.printed.size > 0) p.bin(r.printed.view());
}

std::size_t get(Unpacker& u, Source& source, OutcomeRecord& r) {
  r.sequence = u.u64(), r.ending = get_ending(u), r.attempt = u.u32();
  if (!u.nil()) r.engine = EngineId{u.u32()};
  r.started_us = u.i64(), r.duration_ns = u.u64();
  source.take_payload(u, r.payload);
  return 9;
}

void put(Packer& p, const HoldingRecord& r, Frames&) {
  p.array(6);
  p.u64(r.number), p.u64(r.task.session.value), p.u64(r.task.sequence);
  p.u64(r.fence.epoch), p.u64(r.fence.attempt), p.boolean(r.running);
}

std::size_t get(Unpacker& u, Source&, HoldingRecord& r) {
  r.number = u.u64(), r.task.session.value = u.u64(), r.task.sequence = u.u64();
  r.fence.epoch = u.u64(), r.fence.attempt = u.u32(), r.running = u.boolean();
  return 6;
}

}  // namespace

std::string_view to_string(Ending ending) {
  constexpr std::array<std::string_view, 6> kNames{"ok",        "error",       "aborted",
                                                   "timed_out", "engine_lost", "unmet"};
  return kNames.at(static_cast<std::size_t>(ending));
}

EngineId SubmitRecord::engine_of(std::uint32_t index) const {
  return EngineId{little_endian(engines.view(), engines.size == 4 ? 0 : index)};
}

TaskRange TaskRanges::operator[](std::size_t index) const {
  return {SessionId{little_endian<std::uint64_t>(bytes_, 3 * index)},
          little_endian<std::uint64_t>(bytes_, 3 * index + 1),
          little_endian<std::uint64_t>(bytes_, 3 * index + 2)};
}

std::string encode_ranges(const std::vector<TaskRange>& ranges) {
  std::string out;
  out.reserve(ranges.size() * TaskRanges::kBytes);
  for (const TaskRange& range : ranges)
    for (const std::uint64_t value : {range.session.value, range.first, range.last})
      for (std::size_t i = 0; i < 8; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
  return out;
}

std::uint64_t bits_of(DependencyMode after, DependencyMode follow) {
  return bits_of(after) | bits_of(follow) << 3U;
}

void read_modes(std::uint64_t bits, DependencyMode& after, DependencyMode& follow) {
  after = mode_of(bits), follow = mode_of(bits >> 3U);
}

Payload SubmitRecord::payload_of(std::uint32_t index) const {
  Payload out = payload;
  if (ends.size == 0) return out;
  const std::uint32_t from = index == 0 ? 0 : little_endian(ends.view(), index - 1);
  out.tail_at = payload.tail_at + from;
  out.tail_size = little_endian(ends.view(), index) - from;
  return out;
}

template <class Record>
BatchWriter<Record>::BatchWriter() {
  bytes_.assign(
      {'R', 'H', static_cast<char>(kProtocol.major), static_cast<char>(kind_for<Record>)});
  bytes_.push_back('\xcf');
  bytes_.append(8, '\0');
  bytes_.push_back('\xcd');
  bytes_.append(2, '\0');
}

template <class Record>
void BatchWriter<Record>::add(const Record& record) {
  Packer packer{bytes_};
  put(packer, record, frames_);
  ++count_;
}

template <class Record>
Message BatchWriter<Record>::take(std::uint64_t first) {
  for (std::size_t i = 0; i < 8; ++i)
    bytes_[kFirstAt + i] = static_cast<char>(first >> (56 - 8 * i));
  bytes_[kCountAt] = static_cast<char>(count_ >> 8U);
  bytes_[kCountAt + 1] = static_cast<char>(count_);
  std::string prefix = bytes_.substr(0, kBatchPrefix);
  Message out{Buffer::take(std::exchange(bytes_, std::move(prefix))), std::move(frames_)};
  frames_.clear();
  count_ = 0;
  return out;
}

template <class Record>
Result<void> decode_batch(const Message& message, Batch<Record>& batch) {
  batch.records.clear();
  const Result<Kind> kind = kind_of(message);
  if (!kind) return kind.error();
  if (*kind != kind_for<Record>)
    return Error{Errc::malformed, "expected " + std::string(to_string(kind_for<Record>)) +
                                      ", got " + std::string(to_string(*kind))};
  const std::string name{to_string(*kind)};
  Unpacker u{message.header.view().substr(kPrefixBytes)};
  batch.first = u.u64();
  const std::uint64_t count = u.u64();
  if (!u.ok() || count > kBatchRecordsMax || count > u.rest().size())
    return Error{Errc::malformed, "a " + name + " batch is truncated or has more than " +
                                      std::to_string(kBatchRecordsMax) + " records"};
  if (message.frames.size() > kFramesMax)
    return Error{Errc::too_large, "a " + name + " batch has too many frames"};
  Source source{message};
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::size_t elements = u.array();
    Record& record = batch.records.emplace_back();
    std::size_t known = get(u, source, record);
    if (elements < known) u.fail();
    if (elements > known && u.ok()) known += get_optional(u, source, elements - known, record);
    for (std::size_t extra = known; extra < elements && u.ok(); ++extra) u.skip();
    if (!u.ok()) {
      batch.records.clear();
      return Error{Errc::malformed, "record " + std::to_string(i) + " of a " + name +
                                        " batch is malformed or truncated"};
    }
  }
  if (!u.done() || source.next_frame != message.frames.size()) {
    batch.records.clear();
    return Error{Errc::malformed, "a " + name + " batch has bytes or frames left over"};
  }
  return {};
}

#define RH_RECORD(R)             \
  template class BatchWriter<R>; \
  template Result<void> decode_batch<R>(const Message&, Batch<R>&);
RH_RECORD(SubmitRecord)
RH_RECORD(AssignRecord)
RH_RECORD(FinishedRecord)
RH_RECORD(OutcomeRecord)
RH_RECORD(HoldingRecord)
#undef RH_RECORD

}  // namespace roundhouse::wire
