#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/connect.hpp"
#include "cli/watch.hpp"
#include "shared/clock.hpp"
#include "shared/time.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::cli {
namespace {

std::string sentence(const AbortReport& report) {
  std::string out;
  const auto add = [&](std::uint64_t count, const char* what) {
    if (count == 0) return;
    if (!out.empty()) out += ", ";
    out += with_commas(count) + " " + what;
  };
  add(report.aborted, "aborted");
  add(report.stopping, "asked to stop");
  add(report.marked, "to end when they come");
  add(report.ended, "had ended");
  add(report.unknown, "unknown");
  return out.empty() ? "nothing waits or runs" : out;
}

// Until all that was submitted before, by this session or by everybody, has ended.
void await_unfinished(const Client& client, const AbortOptions& options, WallTime before,
                      const std::string& advice) {
  constexpr std::size_t kAtATime = 1000;
  TaskQuery query;
  query.where = fields::status.in({"pending", "running"}) &&
                fields::submitted <= UtcTime(std::chrono::microseconds(before.microseconds));
  if (!options.session.empty())
    query.where = query.where && fields::session == options.session.substr(0, 16);
  query.limit = kAtATime;
  query.fields = {"msg_id"};
  const std::optional<TimePoint> end = end_of(parse_duration(options.wait));
  Watch watch(client, options.ask);
  for (;;) {
    std::vector<std::string> left;
    for (const TaskRecord& record : client.db_query(query)) left.push_back(record.metadata.msg_id);
    if (left.empty()) return;
    if (!watch.until_ended(client.get_result<void>(Jobs(left)), end))
      raise({Errc::timeout, "not all have ended after " + options.wait + advice});
  }
}

}  // namespace

void abort(const AbortOptions& options, Output& out) {
  const int ways =
      (options.ids.empty() ? 0 : 1) + (options.session.empty() ? 0 : 1) + (options.all ? 1 : 0);
  if (ways != 1) throw UsageError("abort what? Give ids, last or last:N, or --session or --all");
  const Client client = connect(options.ask);
  std::vector<std::string> ids;
  AbortReport report;
  const WallTime asked = wall_now();
  if (options.all) {
    report = client.abort(all);
  } else if (!options.session.empty()) {
    report = client.abort_session(options.session.substr(0, 16));
  } else {
    ids = resolve_ids(client, options.ids);
    report = client.abort(Jobs(ids));
  }
  if (report.unknown > 0 && report.unknown == ids.size())
    raise({Errc::unknown_task, "the hub knows none of them: see `roundhouse tasks`"});
  constexpr const char* kAdvice =
      ": `roundhouse tasks` lists them; a task that does not look at its stop token goes on until "
      "it returns, or is stopped by `roundhouse interrupt`";
  if (!options.wait.empty() && !ids.empty())
    await_ends(client, options.ask, client.get_result<void>(Jobs(ids)), options.wait, kAdvice);
  else if (!options.wait.empty())
    await_unfinished(client, options, asked, kAdvice);
  if (out.json())
    out.document(Json{{"aborted", report.aborted},
                      {"stopping", report.stopping},
                      {"ended", report.ended},
                      {"marked", report.marked},
                      {"unknown", report.unknown}});
  else
    out.line(sentence(report));
}

}  // namespace roundhouse::cli
