#include <memory>

#include "cli/command_line.hpp"

namespace roundhouse::cli {

namespace {

constexpr const char* kSource =
    "What the code prints is shown, and the value of a last expression without a semicolon.\n"
    "Declarations, includes and variables stay on the engines, for later code and for pull; what\n"
    "was pushed is a variable of the code. Common headers of the standard library are there\n"
    "without an #include: <algorithm>, <cmath>, <iostream>, <map>, <string>, <vector> and more.\n"
    "Errors of the compiler go to standard error; nothing of such code was run. Engines need the\n"
    "package roundhouse-interpreter. Code that goes on past its limit, for which compiling "
    "counts,\n"
    "is ended with its engine's process, and names are gone then. Ctrl-C waits no longer; what "
    "goes on is stopped by\n"
    "`roundhouse interrupt`.\n";

void add_source(CLI::App* command, SourceOptions& options) {
  command->add_option("-e,--engine", options.engines, "On these: 3, 0,2-5, last, all (all)")
      ->type_name("ENGINES")
      ->check(names_engines());
  command->add_option("-l,--label", options.label, "A label, to find the tasks by")
      ->type_name("LABEL");
  add_time(command, "--time-limit", options.time_limit,
           "How long it may take; it is then stopped (as long as it takes)");
}

void add_wait(CLI::App* command, SourceOptions& options) {
  add_time(command, "--wait", options.limit,
           "How long to wait for a result; the code goes on (as long as it takes)");
}

void add_console(CLI::App& app, Line& line) {
  const auto options = std::make_shared<ConsoleOptions>();
  CLI::App* console =
      add_question(app, "console", "A prompt for C++ on all engines, or on some", options->ask);
  add_source(console, *options);
  console->add_flag("--no-history", options->no_history, "Remember nothing of what is typed");
  console->footer(
      "Each input is compiled and run on all engines; those that come later take part. What they\n"
      "print is shown as it comes, behind its engine, then the values. Declarations stay, also\n"
      "after an error. An input goes on while brackets are open; an empty line gives it up.\n"
      "Ctrl-C stops what runs: code that looks at rh::this_engine::stop_requested() ends itself, "
      "and\n"
      "other code is ended with its engine's process, which takes along what was declared there.\n"
      "Ctrl-C again waits no longer for it; Ctrl-D ends. Tab completes names, arrow-up has what "
      "was\n"
      "typed before, Ctrl-R looks for it. %help lists commands.\n"
      "Where standard input is no terminal, its inputs are run one after the other, and the exit\n"
      "status is 1 if one has failed. Engines need the package roundhouse-interpreter.\n"
      "Examples:\n"
      "  roundhouse console\n"
      "  echo 'std::sqrt(2.0)' | roundhouse console -e 0");
  console->callback([&line, options] {
    line.run = [&line, options](Output& out) {
      options->ask.cluster = line.cluster;
      line.exit = cli::console(*options, out);
    };
  });
}

}  // namespace

void add_source_commands(CLI::App& app, Line& line) {
  const auto typed = std::make_shared<SourceOptions>();
  CLI::App* exec = add_question(app, "exec", "Compile and run C++ source on engines", typed->ask);
  exec->add_option("code", typed->words, "C++ source; each is an input, run one after the other")
      ->required()
      ->type_name("CODE");
  add_source(exec, *typed);
  add_wait(exec, *typed);
  exec->footer(std::string(kSource) +
               "Examples:\n"
               "  roundhouse exec 'int n = 5;' 'n + 1'\n"
               "  roundhouse exec -e 0 --time-limit 10s 'while (true) {}'");
  runs(exec, line, typed, &cli::exec);

  const auto filed = std::make_shared<SourceOptions>();
  CLI::App* run =
      add_question(app, "run", "Compile and run a file of C++ source on engines", filed->ask);
  run->add_option("file", filed->words, "The file, on this machine; - for standard input")
      ->required()
      ->expected(1)
      ->type_name("FILE");
  add_source(run, *filed);
  add_wait(run, *filed);
  run->footer(std::string(kSource) +
              "When the file defines main it is called in the end, and the value is what it "
              "returns.\n"
              "Example: roundhouse run setup.cpp");
  runs(run, line, filed, &cli::run);
  add_console(app, line);
}

}  // namespace roundhouse::cli
