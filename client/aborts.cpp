// What a Client ends before its time.
#include <algorithm>
#include <memory>

#include "client/body_json.hpp"
#include "client/job_ranges.hpp"
#include "client/shell.hpp"
#include "shared/pack.hpp"
#include <roundhouse/abort.hpp>
#include <roundhouse/async_tasks.hpp>
#include <roundhouse/client.hpp>

namespace roundhouse {
namespace {

void ask(detail::Shell& shell, std::string body, AbortReport& out) {
  const detail::HubAnswer answer = shell.ask("abort", std::move(body), client::Repeat::yes);
  const detail::BodyMap map(answer.body);
  const auto number = [&](const char* key) { return map.number(key).value_or(0); };
  out.aborted += number("aborted"), out.stopping += number("stopping");
  out.ended += number("ended"), out.marked += number("marked");
  out.unknown += number("unknown");
}

}  // namespace

namespace detail {

std::vector<Jobs::Ids> ranges_of(const Jobs& jobs) {
  std::vector<Jobs::Ids> all = jobs.ids();
  for (const detail::Pending& tasks : jobs.results()) tasks.append_ids(all);
  std::sort(all.begin(), all.end(), [](const Jobs::Ids& a, const Jobs::Ids& b) {
    return std::pair{a.session, a.range.first} < std::pair{b.session, b.range.first};
  });
  std::vector<Jobs::Ids> out;
  for (const Jobs::Ids& each : all) {
    const bool joins = !out.empty() && out.back().session == each.session &&
                       each.range.first <= out.back().range.last + 1;
    if (joins)
      out.back().range.last = std::max(out.back().range.last, each.range.last);
    else
      out.push_back(each);
  }
  return out;
}

void pack_ranges(wire::Packer& p, std::span<const Jobs::Ids> ranges) {
  p.str("ranges"), p.array(ranges.size());
  for (const Jobs::Ids& each : ranges) {
    p.array(2);
    p.str(to_string(TaskId{each.session, each.range.first}));
    p.str(to_string(TaskId{each.session, each.range.last}));
  }
}

AbortReport abort_jobs(Shell& shell, const Jobs& jobs) {
  const std::vector<Jobs::Ids> ranges = ranges_of(jobs);
  AbortReport out;
  for (std::size_t at = 0; at < ranges.size(); at += detail::kRangesPerRequest) {
    const std::size_t count = std::min(detail::kRangesPerRequest, ranges.size() - at);
    std::string body;
    wire::Packer p(body);
    p.map(1);
    pack_ranges(p, std::span(ranges).subspan(at, count));
    ask(shell, std::move(body), out);
  }
  return out;
}

AbortReport Submitter::abort(const Jobs& jobs) const {
  return abort_jobs(*shell_, jobs);
}

AbortReport Submitter::abort() const {
  if (!settings_.tasks.direct)
    return abort(Jobs(
        shell_->outstanding([this](const Slot& head, const Slot&) { return head.view == view_; })));
  const std::vector<int>* ids = settings_.engines.ids();
  return abort(Jobs(shell_->outstanding([&](const Slot& head, const Slot& slot) {
    if (!shell_->is_direct(head)) return false;
    return ids == nullptr ||
           (slot.engine &&
            std::ranges::find(*ids, static_cast<int>(slot.engine->value)) != ids->end());
  })));
}

}  // namespace detail

AbortReport Client::abort(const Jobs& jobs) const {
  return detail::abort_jobs(shell(), jobs);
}

AbortReport Client::abort() const {
  return abort(Jobs(outstanding()));
}

AbortReport Client::abort(All) const {
  std::string body;
  wire::Packer p(body);
  p.map(1), p.str("all"), p.boolean(true);
  AbortReport out;
  ask(shell(), std::move(body), out);
  return out;
}

AbortReport Client::abort_session(std::string_view session) const {
  std::string body;
  wire::Packer p(body);
  p.map(1), p.str("session"), p.str(session);
  AbortReport out;
  ask(shell(), std::move(body), out);
  return out;
}

AbortReport AsyncTasks::abort() const {
  const std::shared_ptr<detail::Shell> shell = tasks_.client().lock();
  if (!shell) throw Exception(Errc::invalid, "this result has no tasks");
  shell->require_same_process();
  return detail::abort_jobs(*shell, Jobs(*this));
}

}  // namespace roundhouse
