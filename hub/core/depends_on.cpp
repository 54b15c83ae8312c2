#include "hub/core/depends_on.hpp"

#include <span>

#include "shared/pack.hpp"

namespace roundhouse::hub {
namespace {

std::vector<TaskId> first_of(std::span<const wire::TaskRange> ranges) {
  std::vector<TaskId> out;
  for (const wire::TaskRange& range : ranges)
    for (std::uint64_t at = range.first; at <= range.last && out.size() < kDependsToldMax; ++at)
      out.push_back({range.session, at});
  return out;
}

// As hubs kept it once: the number of `after`, and session and sequence of each task.
DependsOn decode_ids(wire::Unpacker& u, std::size_t tasks) {
  DependsOn out;
  out.whole = false;
  out.after_ranges = u.u32();
  for (std::size_t at = 0; at < tasks && u.ok(); ++at) {
    const SessionId session{u.u64()};
    const std::uint64_t sequence = u.u64();
    out.ranges.push_back({session, sequence, sequence});
  }
  return out;
}

}  // namespace

std::vector<TaskId> DependsOn::after() const {
  return first_of(std::span(ranges).first(after_ranges));
}

std::vector<TaskId> DependsOn::follow() const {
  return first_of(std::span(ranges).subspan(after_ranges));
}

std::string encode_depends(const DependsOn& on) {
  std::string out;
  wire::Packer p(out);
  p.array(4);
  p.u64(on.after_ranges), p.u64(wire::bits_of(on.after_mode, on.follow_mode));
  p.boolean(on.whole), p.bin(wire::encode_ranges(on.ranges));
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
    out.ranges = wire::decode_ranges(u.bin());
  }
  if (u.ok() && out.after_ranges <= out.ranges.size()) return out;
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
