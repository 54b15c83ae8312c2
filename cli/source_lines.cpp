#include <memory>

#include "cli/command_line.hpp"

namespace roundhouse::cli {

namespace {

constexpr const char* kSource =
    "What the code prints is shown, and the value of a last expression without a semicolon.\n"
    "Declarations, includes and variables stay on the engines, for later code and for pull; what "
    "was\n"
    "pushed is a variable of the code. Errors of the compiler go to standard error; nothing of "
    "such\n"
    "code was run. Engines need the package roundhouse-interpreter.\n";

void add_source(CLI::App* command, SourceOptions& options) {
  command->add_option("-e,--engine", options.engines, "On these: 3, 0,2-5, last, all (all)")
      ->type_name("ENGINES")
      ->check(names_engines());
  command->add_option("-l,--label", options.label, "A label, to find the tasks by")
      ->type_name("LABEL");
  add_time(command, "--time-limit", options.time_limit,
           "How long it may take; it is then stopped (as long as it takes)");
  add_time(command, "--wait", options.limit,
           "How long to wait for a result; the code goes on (as long as it takes)");
}

}  // namespace

void add_source_commands(CLI::App& app, Line& line) {
  const auto typed = std::make_shared<SourceOptions>();
  CLI::App* exec = add_question(app, "exec", "Compile and run C++ source on engines", typed->ask);
  exec->add_option("words", typed->words, "C++ source; each is an input, run one after the other")
      ->required()
      ->type_name("CODE");
  add_source(exec, *typed);
  exec->footer(std::string(kSource) +
               "Examples:\n"
               "  roundhouse exec 'int n = 5;' 'n + 1'\n"
               "  roundhouse exec -e 0 --time-limit 10s 'while (true) {}'");
  runs(exec, line, typed, &cli::exec);

  const auto filed = std::make_shared<SourceOptions>();
  CLI::App* run = add_question(app, "run", "The same with a file of C++ source", filed->ask);
  run->add_option("file", filed->words, "The file, on this machine; - for standard input")
      ->required()
      ->expected(1)
      ->type_name("FILE");
  add_source(run, *filed);
  run->footer(std::string(kSource) + "Example: roundhouse run setup.cpp");
  runs(run, line, filed, &cli::run);
}

}  // namespace roundhouse::cli
