#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/connect.hpp"
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

}  // namespace

void abort(const AbortOptions& options, Output& out) {
  const int ways =
      (options.ids.empty() ? 0 : 1) + (options.session.empty() ? 0 : 1) + (options.all ? 1 : 0);
  if (ways != 1) throw UsageError("abort what? Give ids, last or last:N, or --session or --all");
  if (!options.wait.empty() && options.ids.empty())
    throw UsageError("--wait is for tasks that are named");
  const Client client = connect(options.ask);
  std::vector<std::string> ids;
  AbortReport report;
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
  if (!options.wait.empty())
    await_ends(
        client.get_result<void>(Jobs(ids)), options.wait,
        ": `roundhouse tasks` lists them; a task that does not look at its stop token goes on "
        "until it returns");
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
