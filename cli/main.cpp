// `roundhouse`: the command line. Only the words are here; what they do is in commands.hpp.
#include <algorithm>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/completion.hpp"
#include "cli/connect.hpp"
#include "cli/items.hpp"
#include "cli/usage.hpp"
#include "client/supervisor.hpp"
#include "shared/manual/man_page.hpp"
#include "shared/time.hpp"
#include <roundhouse/error.hpp>
#include <roundhouse/version.hpp>

namespace {

namespace cli = roundhouse::cli;
using cli::add_duration;
using cli::add_question;
using cli::Line;
using cli::plain;
using roundhouse::Duration;

constexpr const char* kExamples = R"(
Examples:
  roundhouse start -n 4 --module ./survey_tasks.so    a hub and four engines
  roundhouse status                                   what they are doing
  roundhouse engines add 2                            two more
  roundhouse load ./more_tasks.so                     a module for engines that run already
  roundhouse apply survey_file /etc/passwd            calls a function, prints its result
  ls *.txt | roundhouse map survey_file -             one call for each line
  roundhouse submit --array 1-100 -- ./simulate {}    runs a program 100 times
  roundhouse console                                  a prompt for C++ on all engines
  roundhouse tasks                                    what waits and what runs
  roundhouse history --limit 5                        the last five tasks
  roundhouse result last                              all that is known about the last one
  roundhouse --json engines | jq .                    for programs: one JSON document
  roundhouse stop                                     hub and engines

A cluster is a hub and its engines. Several can run beside each other: --cluster NAME, or
ROUNDHOUSE_CLUSTER in the environment. `roundhouse COMMAND --help` tells more.

What goes wrong is one line on standard error; with --json {"error": CODE, "text": TEXT}.)";

constexpr const char* kExitCodes = R"(

Exit codes: 0 success, 1 failure, 2 a command line that makes no sense, 3 no hub is running,
4 the cluster is running already.)";

// In the help of each command.
void tell_exit_codes(CLI::App& app) {
  app.footer(app.get_footer() + kExitCodes);
  for (CLI::App* each : app.get_subcommands([](CLI::App*) { return true; })) tell_exit_codes(*each);
}

void add_start(CLI::App& app, Line& line) {
  const auto options = std::make_shared<cli::StartOptions>();
  CLI::App* command = app.add_subcommand("start", "Start a hub and engines");
  command->add_option("-n,--engines", options->engines, "How many engines, 0 to 1024 (1)")
      ->check(plain(CLI::Range(0, 1024)))
      ->type_name("N");
  command->add_option("-m,--module", options->modules, "A .so with tasks, for all engines; repeat")
      ->check(plain(CLI::ExistingFile))
      ->allow_extra_args(false)
      ->type_name("PATH");
  command
      ->add_option("--slots", options->slots, "Tasks that an engine runs at a time, 1 to 1024 (1)")
      ->check(plain(CLI::Range(1, 1024)))
      ->type_name("K");
  command->add_option("--store", options->store, "Where records go: sqlite (default), memory, none")
      ->check(plain(CLI::IsMember({"sqlite", "memory", "none"})))
      ->type_name("KIND");
  command
      ->add_option("--durability", options->durability,
                   "What records outlive: relaxed (default; the hub), commit (the machine), none")
      ->check(plain(CLI::IsMember({"relaxed", "commit", "none"})))
      ->type_name("KIND");
  command->add_option("--listen", options->listen, "ipc (default), or tcp://ADDRESS[:PORT]")
      ->type_name("WHERE");
  command
      ->add_option("--policy", options->policy,
                   "Which engine is given a task: least_loaded (default), lru, weighted_random, "
                   "two_choices, random, pure")
      ->type_name("NAME");
  command->add_option("--hub-config", options->hub_config, "Configuration of the hub")
      ->check(plain(CLI::ExistingFile))
      ->type_name("FILE");
  command->add_option("--engine-config", options->engine_config, "Configuration of the engines")
      ->check(plain(CLI::ExistingFile))
      ->type_name("FILE");
  command->add_option("--hub-set", options->hub_settings, "KEY=VALUE of config/hub.json; repeat")
      ->allow_extra_args(false)
      ->type_name("SETTING");
  command
      ->add_option("--engine-set", options->engine_settings,
                   "KEY=VALUE of config/engine.json; repeat")
      ->allow_extra_args(false)
      ->type_name("SETTING");
  command->add_flag("--foreground", options->foreground, "Stay until Ctrl-C, then stop it all");
  add_duration(command, "--timeout", options->timeout, "How long to wait until all are there");
  command->footer(
      "TIME is a number with ns, us, ms, s, min, h or d: 500ms, 10s, 2min.\n"
      "Example: roundhouse start --cluster night -n 4 -m ./a.so -m ./b.so");
  command->callback([&line, options] {
    line.run = [&line, options](cli::Output& out) {
      options->cluster = line.cluster;
      cli::start(*options, out);
    };
  });
}

void add_stop_and_list(CLI::App& app, Line& line) {
  const auto options = std::make_shared<cli::StopOptions>();
  CLI::App* command = app.add_subcommand("stop", "Stop the hub and its engines");
  command->add_flag("--all", options->all, "Every cluster of this user on this machine");
  add_duration(command, "--timeout", options->timeout, "How long to wait until all are gone");
  command->footer(
      "Records in a database stay for the next start.\nExample: roundhouse stop --cluster night");
  command->callback([&line, options] {
    line.run = [&line, options](cli::Output& out) {
      options->cluster = line.cluster;
      cli::stop(*options, out);
    };
  });
  app.add_subcommand("list", "The clusters of this user on this machine")
      ->footer("Those that were killed are listed as well.\nExample: roundhouse list")
      ->callback([&line] { line.run = [](cli::Output& out) { cli::list(out); }; });
}

void add_status_and_engines(CLI::App& app, Line& line) {
  const auto ask = std::make_shared<cli::AskOptions>();
  CLI::App* status =
      add_question(app, "status", "How the hub, its queues and its engines are", *ask);
  status->footer(cli::status_words() + "\n\nExample: roundhouse status --cluster night");
  status->callback([&line, ask] {
    line.run = [&line, ask](cli::Output& out) {
      ask->cluster = line.cluster;
      cli::status(*ask, out);
    };
  });
  const auto options = std::make_shared<cli::AddEnginesOptions>();
  CLI::App* engines = add_question(app, "engines", "List the engines, or add some", options->ask);
  engines->require_subcommand(0, 1);
  CLI::App* add = engines->add_subcommand("add", "Start further engines, like the first ones");
  add->footer("Example: roundhouse engines add 2");
  add->add_option("count", options->count, "How many, 1 to 1024")
      ->check(plain(CLI::Range(1, 1024)))
      ->type_name("N");
  engines->footer("Example: roundhouse engines add 2");
  engines->callback([&line, options, add] {
    line.run = [&line, options, add](cli::Output& out) {
      options->ask.cluster = line.cluster;
      add->parsed() ? cli::add_engines(*options, out) : cli::engines(options->ask, out);
    };
  });
}

void add_policy(CLI::App& app, Line& line) {
  const auto options = std::make_shared<cli::PolicyOptions>();
  CLI::App* command = add_question(
      app, "policy", "Which engine is given a task, or another rule for it", options->ask);
  command->add_option("name", options->name, "From now on, until the cluster is stopped")
      ->type_name("NAME");
  command->footer(
      "least_loaded     the engine with the least to do (the default)\n"
      "lru              the one that was given work longest ago\n"
      "weighted_random  drawn, the more likely the less it has to do\n"
      "two_choices      the less loaded of two that are drawn\n"
      "random           drawn evenly\n"
      "pure             in turn, whatever they have to do\n"
      "Example: roundhouse policy two_choices");
  runs(command, line, options, &cli::policy);
}

void add_modules(CLI::App& app, Line& line) {
  const auto options = std::make_shared<cli::LoadOptions>();
  CLI::App* load = add_question(app, "load", "Ship a module of tasks to all engines", options->ask);
  load->add_option("path", options->path, "A shared library made by roundhouse_add_module()")
      ->required()
      ->type_name("PATH");
  load->footer(
      "Engines that join later get it, too. Programs call its functions by name and signature; "
      "where\n"
      "an engine was started with a module that has the same function, that one goes first.\n"
      "Example: roundhouse load ./survey_tasks.so");
  runs(load, line, options, &cli::load);
  const auto known = std::make_shared<cli::RemoveModuleOptions>();
  CLI::App* modules = add_question(
      app, "modules", "The modules that the hub keeps and engines have loaded", known->ask);
  modules->require_subcommand(0, 1);
  CLI::App* remove = modules->add_subcommand("remove", "Make the hub forget one of them");
  remove->add_option("build", known->build, "Its build: 8 digits of it, or more")
      ->required()
      ->type_name("BUILD");
  remove->footer(
      "Engines that have loaded it keep it until they end; nobody else gets it.\n"
      "Example: roundhouse modules remove 3f2a90c1");
  modules->footer("Example: roundhouse modules");
  modules->callback([&line, known, remove] {
    line.run = [&line, known, remove](cli::Output& out) {
      known->ask.cluster = line.cluster;
      remove->parsed() ? cli::remove_module(*known, out) : cli::modules(known->ask, out);
    };
  });
}

void add_completion(CLI::App& app, Line& line) {
  CLI::App* command = app.add_subcommand("completion", "Print what completes commands in a shell");
  command
      ->add_option_function<std::string>(
          "shell", [](const std::string&) {}, "Which shell: bash")
      ->required()
      ->check(plain(CLI::IsMember({"bash"})))
      ->type_name("SHELL");
  command->footer(
      "An installed Roundhouse has it where bash looks for it. Else put the example into "
      "~/.bashrc.\n"
      "Example: eval \"$(roundhouse completion bash)\"");
  command->callback([&line] {
    line.run = [](cli::Output&) { std::cout << cli::bash_completion() << std::flush; };
  });
}

// Hidden: the build makes the man pages with it.
void add_manual(CLI::App& app, Line& line) {
  const auto folder = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("manual", "Write the man pages")->group("");
  command->add_option("folder", *folder)->required();
  command->callback([&app, &line, folder] {
    line.run = [&app, folder](cli::Output&) {
      roundhouse::manual::Notes notes;
      notes.version = roundhouse::kVersion;
      notes.environment = {{"ROUNDHOUSE_CLUSTER", "The cluster where --cluster names none."},
                           {"ROUNDHOUSE_DIR", "The folder of run directories."},
                           {"ROUNDHOUSE_CONSOLE_HISTORY",
                            "The file of what is typed at consoles; empty: none is kept."},
                           {"XDG_STATE_HOME",
                            "Databases, and the consoles' history, are in its folder roundhouse."}};
      notes.files = {{"$XDG_RUNTIME_DIR/roundhouse/CLUSTER, or ~/.roundhouse/CLUSTER",
                      "The run directory: sockets, connection files, logs."},
                     {"~/.local/state/roundhouse/CLUSTER.db", "The records of all tasks."},
                     {"~/.local/state/roundhouse/console_history",
                      "The newest inputs that were typed at consoles, 2,000 at least."}};
      notes.see_also = {"roundhouse-hub(8)", "roundhouse-engine(8)"};
      roundhouse::manual::write_pages(app, notes, *folder);
    };
  });
}

cli::Exit exit_of(roundhouse::Errc code) {
  if (code == roundhouse::Errc::not_connected) return cli::Exit::no_hub;
  if (code == roundhouse::Errc::in_use) return cli::Exit::already_running;
  return cli::Exit::failure;
}

int run(const Line& line) {
  const auto fail = [&](std::string_view code, std::string_view text, cli::Exit exit) {
    cli::print_error(code, text, line.json);
    return static_cast<int>(exit);
  };
  try {
    cli::Output out = cli::Output::standard(line.json);
    line.run(out);
    if (std::cout && std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return line.exit;
    return fail("io_failed", "cannot write to standard output", cli::Exit::failure);
  } catch (const cli::UsageError& error) {
    return fail("usage", error.what(), cli::Exit::usage);
  } catch (const roundhouse::Exception& error) {
    // Who asks while the hub is being stopped is given no answer.
    if (error.code() == roundhouse::Errc::timeout && cli::is_stopped(line.cluster))
      return fail(to_string(roundhouse::Errc::not_connected),
                  cli::no_hub(cli::run_dir_of(line.cluster)).what(), cli::Exit::no_hub);
    return fail(to_string(error.code()), error.what(), exit_of(error.code()));
  } catch (const std::exception& error) {
    return fail("internal", error.what(), cli::Exit::failure);
  }
}

}  // namespace

int main(int argc, char** argv) {
  // Hidden, and not for people: what `roundhouse start` leaves running.
  if (argc > 1 && std::string_view(argv[1]) == "supervise")
    return roundhouse::supervise_main(argc - 2, argv + 2);
  Line line;
  CLI::App app("Roundhouse: run C++ functions on engines, by way of a hub", "roundhouse");
  app.set_version_flag("--version", "roundhouse " + std::string(roundhouse::kVersion));
  app.add_flag("--json", line.json, "Print JSON: one document, or one line per figure of bench");
  app.add_option("--cluster", line.cluster, "Which cluster ($ROUNDHOUSE_CLUSTER, or default)")
      ->type_name("NAME");
  app.require_subcommand(0, 1);
  app.fallthrough();  // --json and --cluster may stand anywhere
  add_start(app, line);
  add_stop_and_list(app, line);
  add_status_and_engines(app, line);
  add_policy(app, line);
  add_modules(app, line);
  cli::add_call_commands(app, line);
  cli::add_source_commands(app, line);
  cli::add_record_commands(app, line);
  cli::add_steering_commands(app, line);
  cli::add_bench_commands(app, line);
  add_completion(app, line);
  add_manual(app, line);
  app.footer(kExamples + 1);  // last: subcommands would inherit it
  tell_exit_codes(app);
  // Hidden as well, and not parsed: the words that follow are no line yet.
  if (argc > 1 && std::string_view(argv[1]) == "complete") {
    cli::print_completion(app, std::vector<std::string>(argv + 2, argv + argc));
    return 0;
  }
  try {
    std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
    line.program = cli::take_program(words);
    words = cli::unsplit(std::move(words));
    std::ranges::reverse(words);  // as CLI11 wants them
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    cli::print_error("usage", cli::usage_text(app, error), line.json);
    return static_cast<int>(cli::Exit::usage);
  }
  if (!line.run) {
    const bool bench = app.got_subcommand("bench");
    cli::print_error("usage",
                     bench ? "measure what? `roundhouse bench --help` lists it"
                           : "which command? `roundhouse --help` lists them",
                     line.json);
    return static_cast<int>(cli::Exit::usage);
  }
  return run(line);
}
