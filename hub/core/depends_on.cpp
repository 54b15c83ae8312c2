#include "hub/core/depends_on.hpp"

#include <algorithm>

#include "shared/pack.hpp"

namespace roundhouse::hub {
namespace {

std::vector<TaskId> first_of(const wire::TaskRanges& ranges) {
  std::vector<TaskId> out;
  for (const wire::TaskRange range : ranges)
    for (std::uint64_t at = range.first; at <= range.last && out.size() < kDependsToldMax; ++at)
      out.push_back({range.session, at});
  return out;
}

// As hubs kept it once: the number of `after`, and session and sequence of each task.
DependsOn decode_ids(wire::Unpacker& u, std::size_t tasks) {
  DependsOn out;
  out.whole = false;
  out.after_ranges = u.u32();
  std::vector<wire::TaskRange> ranges;
  for (std::size_t at = 0; at < tasks && u.ok(); ++at) {
    const SessionId session{u.u64()};
    const std::uint64_t sequence = u.u64();
    ranges.push_back({session, sequence, sequence});
  }
  out.bytes = Slice{Buffer::take(wire::encode_ranges(ranges))};
  return out;
}

}  // namespace

std::vector<TaskId> DependsOn::after() const {
  return first_of(ranges().part(0, after_ranges));
}

std::vector<TaskId> DependsOn::follow() const {
  return first_of(ranges().part(after_ranges, ranges().size()));
}

DependsOn DependsOn::kept() const {
  constexpr std::size_t kHalf = kDependsRangesMax / 2;
  const wire::TaskRanges all = ranges();
  if (all.size() <= kDependsRangesMax) return *this;
  DependsOn out = *this;
  out.whole = false;
  out.after_ranges = std::min(after_ranges, static_cast<std::uint32_t>(kHalf));
  const std::size_t followed = std::min(all.size() - after_ranges, kHalf);
  std::string fewer(all.part(0, out.after_ranges).bytes());
  fewer.append(all.part(after_ranges, after_ranges + followed).bytes());
  out.bytes = Slice{Buffer::take(std::move(fewer))};
  return out;
}

std::string encode_depends(const DependsOn& on) {
  std::string out;
  wire::Packer p(out);
  p.array(4);
  p.u64(on.after_ranges), p.u64(wire::bits_of(on.after_mode, on.follow_mode));
  p.boolean(on.whole), p.bin(on.bytes.view());
  return out;
}

DependsOn decode_depends(std::string_view bytes) {
  DependsOn out;
  wire::Unpacker u{bytes};
  const std::size_t count = u.array();
  if (count % 2 == 1) {
    out = decode_ids(u, count / 2);
  } else {
    out.after_ranges = u.u32();
    wire::read_modes(u.u64(), out.after_mode, out.follow_mode);
    out.whole = u.boolean();
    const std::string_view ranges = u.bin();
    if (ranges.size() % wire::TaskRanges::kBytes != 0) u.fail();
    out.bytes = Slice{Buffer::copy(ranges)};
  }
  if (u.ok() && out.after_ranges <= out.ranges().size()) return out;
  out = {};
  out.whole = false;
  return out;
}

Error depends_left_out(TaskId task) {
  return {Errc::payload_lost,
          "task " + to_string(task) + " depends on tasks in more than " +
              std::to_string(kDependsRangesMax) +
              " ranges of ids, of which not all are kept, or ended under an earlier Roundhouse, "
              "which kept less: it cannot be called again"};
}

}  // namespace roundhouse::hub
