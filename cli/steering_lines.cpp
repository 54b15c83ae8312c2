// The words of the commands that do something to engines.
#include <memory>

#include "cli/command_line.hpp"

namespace roundhouse::cli {

namespace {

std::shared_ptr<SteerOptions> add_steering(CLI::App& app, Line& line, const char* name,
                                           const char* help, const char* footer,
                                           void (*act)(const SteerOptions&, Output&)) {
  const auto options = std::make_shared<SteerOptions>();
  CLI::App* command = add_question(app, name, help, options->ask);
  add_duration(command, "--wait", options->wait, "How long to wait until they have done it");
  command->add_flag("--no-wait", options->no_wait, "Do not wait");
  command->footer(footer);
  runs(command, line, options, act);
  return options;
}

void add_engines(CLI::App* command, std::string& engines) {
  command->add_option("engines", engines, "Which: 3, 0,2-5, last, all")
      ->type_name("ENGINES")
      ->check(names_engines());
}

}  // namespace

void add_steering_commands(CLI::App& app, Line& line) {
  auto options = add_steering(app, line, "interrupt", "Stop what runs",
                              "What runs is asked to stop, and ends as aborted. If it goes on for "
                              "the engine's limit_grace,\n"
                              "the process of the engine is replaced: its names are gone, and what "
                              "was queued on it for\nthis engine alone cannot run any more.\n"
                              "Examples:\n"
                              "  roundhouse interrupt last\n"
                              "  roundhouse interrupt --engine all",
                              &cli::interrupt);
  CLI::App* command = app.get_subcommand("interrupt");
  command
      ->add_option("ids", options->ids,
                   "Ids, last (the newest), last:N, all, or places from the oldest: 0,2-5")
      ->type_name("ID");
  command->add_option("-e,--engine", options->engines, "Whatever these run: 3, 0,2-5, last, all")
      ->type_name("ENGINES")
      ->check(names_engines());

  options = add_steering(
      app, line, "signal", "Send a signal to the processes of engines",
      "By the engine's nanny, so that a busy engine gets it, and a frozen one. INT interrupts "
      "what\n"
      "runs; TERM ends the engine; after one that kills it, another process is started.\n"
      "Example: roundhouse signal USR1 0,2-5",
      &cli::send_signal);
  command = app.get_subcommand("signal");
  command->add_option("signal", options->signal, "USR1, SIGUSR1 or 10")
      ->required()
      ->type_name("SIGNAL");
  add_engines(command, options->engines);

  options =
      add_steering(app, line, "restart", "Give engines another process, under their ids",
                   "Whatever they do: what runs there ends with EngineError, and names are gone.\n"
                   "Example: roundhouse restart 3",
                   &cli::restart);
  add_engines(app.get_subcommand("restart"), options->engines);

  options = add_steering(app, line, "clear", "Make engines forget their names",
                         "What was pushed, and what source has declared, between two tasks.\n"
                         "Example: roundhouse clear all",
                         &cli::clear);
  add_engines(app.get_subcommand("clear"), options->engines);

  options =
      add_steering(app, line, "shutdown", "End engines",
                   "What runs there ends with EngineError. `roundhouse stop` ends the cluster.\n"
                   "Examples:\n"
                   "  roundhouse shutdown 3\n"
                   "  roundhouse shutdown all --hub",
                   &cli::shutdown);
  command = app.get_subcommand("shutdown");
  add_engines(command, options->engines);
  command->add_flag("--hub", options->hub, "And the hub");
}

}  // namespace roundhouse::cli
