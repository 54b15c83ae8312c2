#include "cli/command_line.hpp"

#include <memory>
#include <utility>

namespace roundhouse::cli {

namespace {

template <class Options>
void add_ids(CLI::App* command, Options& options) {
  command
      ->add_option("ids", options.ids,
                   "Ids, last (the newest), last:N, all, or places from the oldest: 0,2-5")
      ->type_name("ID");
}

void add_filter(CLI::App* command, TaskFilter& filter) {
  const auto add = [&](const char* name, std::string& value, const char* help, const char* type) {
    command->add_option(name, value, help)->type_name(type);
  };
  command->add_option("-e,--engine", filter.engines, "Of these engines: 3, 0,2-5, last, all")
      ->type_name("ENGINES")
      ->check(names_engines());
  add("-s,--status", filter.status,
      "pending, running, ok, error, aborted, timed_out, engine_lost; several with commas",
      "STATUS");
  add("-l,--label", filter.label, "With this label; * and ? stand for anything", "LABEL");
  add("-f,--function", filter.function, "Of this function; also a pattern", "NAME");
  add("--session", filter.session, "Of this session: the first 16 digits of its ids", "ID");
  add("--since", filter.since, "Submitted since then: 2026-03-01T12:00:00Z, or 10min (ago)",
      "TIME");
  add("--until", filter.until, "Submitted before then", "TIME");
  add("--where", filter.where, "JSON: {\"attempt\": {\"$gt\": 1}}; see `history --help`", "JSON");
}

template <class Options>
void add_wait(CLI::App* command, Options& options) {
  const auto check = [](const std::string& text) -> std::string {
    return text == "true" || parse_duration(text) ? ""
                                                  : "wants a duration: --wait=10s, --wait=2min";
  };
  command->add_flag("--wait", options.wait, "Until they have ended; --wait=10s: so long at most")
      ->check(CLI::Validator(check, ""));
}

constexpr const char* kFields = R"(
--where is an object of fields, all of which hold: msg_id, session, sequence, function, label, view,
status, outcome, attempt, submitted, started, completed, received, duration_ns, engine_id,
engine_uuid, incarnation, error_name, error_value, result_bytes. A field has its value (null: it is
not there), or an object of comparisons: $eq $ne $lt $lte $gt $gte $in $nin $glob. $and and $or take
lists of such objects, $not one. Times are text (2026-03-01T12:00:00Z) or microseconds since 1970.

Examples:
  roundhouse history --status error --since 1h
  roundhouse history --label 'night*' --engine 0,2-5
  roundhouse history --where '{"duration_ns": {"$gt": 1000000000}}' --limit 5)";

void add_lists(CLI::App& app, Line& line) {
  const auto unfinished = std::make_shared<TasksOptions>();
  CLI::App* tasks =
      add_question(app, "tasks", "What waits and what runs, the oldest first", unfinished->ask);
  add_filter(tasks, unfinished->filter);
  tasks->add_option("--limit", unfinished->limit, "How many (100)")
      ->check(plain(CLI::Range(1, 1'000'000)))
      ->type_name("N");
  tasks->footer("Example: roundhouse tasks --status running --engine 0,2-5");
  runs(tasks, line, unfinished, &cli::tasks);

  const auto past = std::make_shared<HistoryOptions>();
  CLI::App* history = add_question(app, "history", "All tasks, the newest first", past->ask);
  add_filter(history, past->filter);
  history->add_option("--limit", past->limit, "How many (20)")
      ->check(plain(CLI::Range(1, 1'000'000)))
      ->type_name("N");
  history->add_option("--before", past->before, "Those older than this task")->type_name("ID");
  history->footer(kFields + 1);
  runs(history, line, past, &cli::history);
}

void add_single(CLI::App& app, Line& line) {
  const auto wanted = std::make_shared<ResultOptions>();
  CLI::App* result = add_question(app, "result", "All that is known about some tasks", wanted->ask);
  add_ids(result, *wanted);
  add_wait(result, *wanted);
  result->footer("Example: roundhouse result last --wait");
  runs(result, line, wanted, &cli::result);

  const auto puzzle = std::make_shared<ExplainOptions>();
  CLI::App* explain = add_question(app, "explain", "Why a task waits, runs or failed", puzzle->ask);
  explain->add_option("id", puzzle->id, "Its id, last (the newest), or its place from the oldest")
      ->required()
      ->type_name("ID");
  explain->footer("Example: roundhouse explain last");
  runs(explain, line, puzzle, &cli::explain);

  const auto old = std::make_shared<PurgeCommand>();
  CLI::App* purge = add_question(app, "purge", "Delete records of finished tasks", old->ask);
  add_ids(purge, *old);
  purge->add_option("-e,--engine", old->engines, "All that these ran: 3, 0,2-5, last, all")
      ->type_name("ENGINES")
      ->check(names_engines());
  purge
      ->add_option_function<std::string>(
          "--older-than",
          [old](const std::string& text) {
            old->older_than = parse_duration(text);
            if (!old->older_than)
              throw CLI::ValidationError("--older-than", "wants a duration: 12h, 7d");
          },
          "All that ended so long ago")
      ->type_name("TIME");
  purge->add_option("--where", old->where, "All that are like this: see `history --help`")
      ->type_name("JSON");
  purge->add_flag("--all", old->all, "All there are");
  purge->footer("Example: roundhouse purge --older-than 7d");
  runs(purge, line, old, &cli::purge);

  const auto unwanted = std::make_shared<AbortOptions>();
  CLI::App* abort = add_question(app, "abort", "End tasks before their time", unwanted->ask);
  add_ids(abort, *unwanted);
  abort->add_option("--session", unwanted->session, "All of this session, or of that task's")
      ->type_name("ID");
  abort->add_flag("--all", unwanted->all, "All that wait or run");
  add_wait(abort, *unwanted);
  abort->footer(
      "What waits ends at once. What runs is asked to stop, and ends as aborted when it does.\n"
      "Example: roundhouse abort last --wait=5s");
  runs(abort, line, unwanted, &cli::abort);

  const auto again = std::make_shared<ResubmitOptions>();
  CLI::App* resubmit =
      add_question(app, "resubmit", "Call the same again; prints the new ids", again->ask);
  add_ids(resubmit, *again);
  add_wait(resubmit, *again);
  resubmit->footer("Example: roundhouse resubmit last:3 --wait");
  runs(resubmit, line, again, &cli::resubmit);
}

}  // namespace

CLI::Validator plain(CLI::Validator check) {
  return check.description("");
}

CLI::Validator names_engines() {
  return CLI::Validator(
      [](const std::string& text) {
        return text.empty() ? std::string("names no engines: write 3, or 0,2-5, or last, or all")
                            : std::string();
      },
      "");
}

CLI::Option* add_duration(CLI::App* app, const std::string& name, Duration& value,
                          const std::string& help) {
  return app
      ->add_option_function<std::string>(
          name,
          [&value, name](const std::string& text) {
            const auto parsed = parse_duration(text);
            if (!parsed) throw CLI::ValidationError(name, "wants a duration: 10s, 500ms, 2min");
            value = *parsed;
          },
          help + " (" + roundhouse::to_string(value) + ")")
      ->type_name("TIME");
}

void add_time(CLI::App* command, const char* name, std::optional<Duration>& time,
              const char* help) {
  command
      ->add_option_function<std::string>(
          name,
          [&time, name](const std::string& text) {
            time = parse_duration(text);
            if (!time) throw CLI::ValidationError(name, "wants a duration: 10s, 2min");
          },
          help)
      ->type_name("TIME");
}

CLI::App* add_question(CLI::App& app, const std::string& name, const std::string& help,
                       AskOptions& ask) {
  CLI::App* command = app.add_subcommand(name, help);
  add_duration(command, "--timeout", ask.timeout, "How long to wait for the hub's answer");
  return command;
}

void add_record_commands(CLI::App& app, Line& line) {
  add_lists(app, line);
  add_single(app, line);
}

}  // namespace roundhouse::cli
