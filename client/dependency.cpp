#include <algorithm>
#include <tuple>
#include <utility>

#include "client/shell.hpp"
#include "shared/records.hpp"
#include <roundhouse/dependency.hpp>
#include <roundhouse/error.hpp>
#include <roundhouse/submission.hpp>

namespace roundhouse {
namespace {

using Ids = Jobs::Ids;

void require_task(const Ids& ids) {
  if (ids.range.first >= 1 && ids.range.first <= ids.range.last &&
      ids.range.last < wire::kSequenceEnd)
    return;
  throw Exception(Errc::invalid, "no task has the id " +
                                     to_string(TaskId{ids.session, ids.range.last}) +
                                     ": write one that msg_ids() of a result gave");
}

// Sorted, each task once, neighbours in one range.
void join(std::vector<Ids>& all) {
  std::ranges::sort(all, {}, [](const Ids& each) {
    return std::tuple(each.session, each.range.first, each.range.last);
  });
  std::size_t kept = 0;
  for (const Ids& each : all) {
    Ids* last = kept == 0 ? nullptr : &all[kept - 1];
    if (last != nullptr && last->session == each.session &&
        last->range.last + 1 >= each.range.first)
      last->range.last = std::max(last->range.last, each.range.last);
    else
      all[kept++] = each;
  }
  all.resize(kept);
}

std::size_t count_of(const std::vector<Ids>& ids) {
  std::size_t out = 0;
  for (const Ids& each : ids) out += each.range.last - each.range.first + 1;
  return out;
}

void require_few(std::size_t tasks, std::size_t ranges) {
  const bool few_tasks = tasks <= wire::kDependenciesMax;
  if (few_tasks && ranges <= wire::kDependencyRangesMax) return;
  const std::string many = few_tasks ? std::to_string(ranges) + " ranges of ids, of which " +
                                           std::to_string(wire::kDependencyRangesMax)
                                     : std::to_string(tasks) + " tasks, of which " +
                                           std::to_string(wire::kDependenciesMax);
  throw Exception(Errc::too_large,
                  "a task cannot depend on " + many +
                      " are the most: submit tasks that do nothing but depend on a part of them "
                      "each, and depend on those" +
                      (few_tasks ? "; the tasks of one map are one range" : ""));
}

}  // namespace

Dependency::Dependency(const Jobs& tasks, DependencyOptions options) : options_(options) {
  if (!options.success && !options.failure)
    throw Exception(Errc::invalid,
                    "a dependency for which neither success nor failure counts can never be met: "
                    "set .success, .failure or both");
  Tasks out;
  out.ids.reserve(tasks.ids().size() + tasks.results().size());
  out.ids = tasks.ids();
  out.origins.reserve(tasks.results().size());
  for (const detail::Pending& result : tasks.results()) {
    result.append_ids(out.ids);
    if (result.size() > 0 && !result.from_hub())
      out.origins.push_back({result.client(), result.first() + result.size() - 1});
  }
  std::ranges::for_each(out.ids, require_task);
  join(out.ids);
  require_few(count_of(out.ids), out.ids.size());
  if (!out.ids.empty()) tasks_ = std::make_shared<const Tasks>(std::move(out));
}

std::size_t Dependency::size() const {
  return count_of(tasks());
}

const std::vector<Jobs::Ids>& Dependency::tasks() const {
  static const std::vector<Jobs::Ids> none;
  return tasks_ ? tasks_->ids : none;
}

std::vector<std::string> Dependency::msg_ids() const {
  std::vector<std::string> out;
  out.reserve(size());
  for (const Jobs::Ids& each : tasks())
    for (std::uint64_t at = each.range.first; at <= each.range.last; ++at)
      out.push_back(to_string(TaskId{each.session, at}));
  return out;
}

namespace detail {

std::shared_ptr<const Depends> Depends::make(Dependency after, Dependency follow) {
  require_few(after.size() + follow.size(), after.tasks().size() + follow.tasks().size());
  if (after.empty() && follow.empty()) return nullptr;
  std::vector<wire::TaskRange> ranges;
  ranges.reserve(after.tasks().size() + follow.tasks().size());
  for (const Dependency* each : {&after, &follow})
    for (const Jobs::Ids& ids : each->tasks())
      ranges.push_back({ids.session, ids.range.first, ids.range.last});
  Buffer bytes = Buffer::take(wire::encode_ranges(ranges));
  return std::make_shared<const Depends>(
      Depends{std::move(after), std::move(follow), std::move(bytes)});
}

}  // namespace detail

}  // namespace roundhouse
