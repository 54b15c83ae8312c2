#include "client/job_ids.hpp"
#include <roundhouse/error.hpp>
#include <roundhouse/jobs.hpp>

namespace roundhouse {

Jobs::Jobs(std::string_view id) {
  const auto task = parse_task_id(id);
  if (!task)
    throw Exception(Errc::invalid, "'" + std::string(id.substr(0, 64)) +
                                       "' is no msg_id, which has 32 hexadecimal digits");
  ids_.push_back({task->session, {task->sequence, task->sequence}});
}

Jobs::Jobs(const MsgIds& ids) {
  for (const MsgIds::Range& range : ids.ranges()) ids_.push_back({ids.session(), range});
}

std::size_t Jobs::size() const {
  std::size_t out = 0;
  for (const Ids& each : ids_) out += each.range.last - each.range.first + 1;
  for (const detail::Pending& each : results_) out += each.size();
  return out;
}

void Jobs::add(const Jobs& more) {
  ids_.insert(ids_.end(), more.ids_.begin(), more.ids_.end());
  results_.insert(results_.end(), more.results_.begin(), more.results_.end());
}

namespace detail {

std::vector<std::string> ids_of(const Jobs& jobs) {
  std::vector<std::string> out;
  for (const Jobs::Ids& each : jobs.ids())
    for (std::uint64_t at = each.range.first; at <= each.range.last; ++at)
      out.push_back(to_string(TaskId{each.session, at}));
  for (const Pending& each : jobs.results())
    for (std::size_t i = 0; i < each.size(); ++i) out.push_back(each.msg_id(i));
  return out;
}

}  // namespace detail

}  // namespace roundhouse
