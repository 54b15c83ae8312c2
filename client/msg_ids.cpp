#include <algorithm>
#include <stdexcept>

#include <roundhouse/msg_ids.hpp>

namespace roundhouse {

std::size_t MsgIds::size() const {
  std::size_t out = 0;
  for (const Range& range : ranges_) out += range.last - range.first + 1;
  return out;
}

bool MsgIds::contains(std::string_view id) const {
  const auto task = parse_task_id(id);
  if (!task || task->session != session_) return false;
  return std::any_of(ranges_.begin(), ranges_.end(), [&](const Range& range) {
    return range.first <= task->sequence && task->sequence <= range.last;
  });
}

std::string MsgIds::at(std::ptrdiff_t index) const {
  const auto count = static_cast<std::ptrdiff_t>(size());
  if (index < 0) index += count;
  if (index < 0 || index >= count) throw std::out_of_range("there are fewer ids");
  auto left = static_cast<std::uint64_t>(index);
  for (const Range& range : ranges_) {
    const std::uint64_t length = range.last - range.first + 1;
    if (left < length) return to_string(TaskId{session_, range.first + left});
    left -= length;
  }
  return {};
}

}  // namespace roundhouse
