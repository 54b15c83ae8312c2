#include <memory>
#include <string>

#include "cli/bench_relay.hpp"
#include "cli/command_line.hpp"

namespace roundhouse::cli {

namespace {

void add_pairs(CLI::App* command, BenchOptions& options) {
  command->add_option("--pairs", options.pairs, "How many pairs of runs")
      ->check(plain(CLI::Range(1, 1000)))
      ->type_name("N");
  command
      ->add_option_function<std::string>(
          "--span",
          [&options](const std::string& text) {
            const auto span = parse_duration(text);
            if (!span || *span == Duration{})
              throw CLI::ValidationError("--span", "wants a duration: 500ms");
            options.span = *span;
          },
          "How long a run takes, about")
      ->type_name("TIME");
}

template <class Options>
void measures(CLI::App* command, Line& line, const std::shared_ptr<Options>& options,
              void (*measure)(const Options&, Output&)) {
  command->callback([&line, options, measure] {
    line.run = [options, measure](Output& out) { measure(*options, out); };
  });
}

// A comparison of which nothing can be set but how often it is made, and for how long.
void add_plain(CLI::App* bench, Line& line, const std::string& name, const std::string& description,
               const std::string& footer, void (*measure)(const BenchOptions&, Output&)) {
  const auto options = std::make_shared<BenchOptions>();
  CLI::App* command = bench->add_subcommand(name, description);
  add_pairs(command, *options);
  command->footer(footer);
  measures(command, line, options, measure);
}

// What is compared with the relay.
void add_speeds(CLI::App* bench, Line& line) {
  const auto add = [&](const std::string& name, const std::string& help, auto measure) {
    add_plain(bench, line, name, help,
              "Example: roundhouse bench " + name + " --pairs 3 --span 500ms", measure);
  };
  add("latency", "Synchronous calls of an empty task", &bench_latency);
  add("throughput", "Asynchronous empty tasks, recorded; memory of the hub", &bench_throughput);
  add("graphs", "A chain of 10,000 tasks that depend on each other, and 100,000 in layers",
      &bench_graphs);
}

void add_commands(CLI::App* bench, Line& line) {
  add_plain(
      bench, line, "commands", "Short programs a second, beside a bare loop that starts them",
      "The baseline starts `true` and waits for it, on each core at once; ours does so by the "
      "hub and\n"
      "an engine for each core, and hands back what it printed and took.\n"
      "Example: roundhouse bench commands --pairs 3",
      &bench_commands);
}

void add_source(CLI::App* bench, Line& line) {
  add_plain(
      bench, line, "source",
      "How soon engines compile source and lambdas, and how fast these are then",
      "ready: the first input of an engine, and the first lambda; statement, new_lambda: those\n"
      "that come later; kernel: calls of a lambda that works for some milliseconds, beside "
      "calls of\n"
      "the same code in a library by `clang++ -O2`, where there is one.\n"
      "Example: roundhouse bench source --pairs 3",
      &bench_source);
}

void add_restart(CLI::App* bench, Line& line) {
  const auto options = std::make_shared<RestartOptions>();
  CLI::App* command = bench->add_subcommand(
      "restart", "How soon work goes on when the hub was killed with many tasks queued");
  command->add_option("--queued", options->queued, "Tasks that wait (100000, then 1000000)")
      ->check(plain(CLI::Range(1, 2'000'000)))
      ->type_name("N");
  command->add_option("--kills", options->kills, "How often it is killed (20; with a million 5)")
      ->check(plain(CLI::Range(1, 10'000)))
      ->type_name("K");
  command->footer(
      "From SIGKILL until the outcome of a task that the next hub has given to an engine; `lost`\n"
      "counts the tasks, of all, that did not end well.\n"
      "Example: roundhouse bench restart --queued 100000 --kills 5");
  measures(command, line, options, &bench_restart);
}

void add_waiting(CLI::App* bench, Line& line) {
  const auto options = std::make_shared<WaitingOptions>();
  CLI::App* command =
      bench->add_subcommand("waiting", "Rate of tasks while many wait, beside that while few do");
  add_pairs(command, *options);
  command->add_option("--waiting", options->waiting, "Tasks that wait (10000, and 1000000)")
      ->check(plain(CLI::Range(1, 2'000'000)))
      ->type_name("N");
  command->footer(
      "ready: for their turn, before those whose rate it is; after: for a task that does not end;\n"
      "targets: for an engine that is busy.\n"
      "Example: roundhouse bench waiting --waiting 1000000 --pairs 3");
  measures(command, line, options, &bench_waiting);
}

void add_control(CLI::App* bench, Line& line) {
  const auto options = std::make_shared<ControlBench>();
  CLI::App* command = bench->add_subcommand(
      "control",
      "How soon questions are answered while many tasks wait, and while all are aborted");
  command->add_option("--queued", options->queued, "Tasks that wait (100000)")
      ->check(plain(CLI::Range(1, 2'000'000)))
      ->type_name("N");
  command->add_option("--rounds", options->rounds, "How often they are submitted and aborted (5)")
      ->check(plain(CLI::Range(1, 1000)))
      ->type_name("K");
  command->footer(
      "As many engines as there are cores run endless loops meanwhile. The questions are\n"
      "`queue_status` of another client.\n"
      "Example: roundhouse bench control --queued 10000 --rounds 2");
  measures(command, line, options, &bench_control);
}

void add_engines(CLI::App* bench, Line& line) {
  const auto options = std::make_shared<EnginesOptions>();
  CLI::App* command = bench->add_subcommand(
      "engines", "Rate of tasks with 1,000 engines beside that with four; how soon they register");
  add_pairs(command, *options);
  command->add_option("--engines", options->engines, "How many engines (1000)")
      ->check(plain(CLI::Range(4, 4000)))
      ->type_name("N");
  command->footer(
      "Engines that run nothing and answer at once: sessions with sockets of their own, in two\n"
      "processes, few or many. On few cores they take their time from the hub; hub_cpu_per_task\n"
      "does not see them.\n"
      "Example: roundhouse bench engines --pairs 3");
  measures(command, line, options, &bench_engines);
}

void add_relay(CLI::App* bench, Line& line) {
  const auto role = std::make_shared<std::string>();
  const auto folder = std::make_shared<std::string>();
  CLI::App* relay = bench->add_subcommand("relay", "A process of the relay")->group("");
  relay->add_option("role", *role)->required();
  relay->add_option("folder", *folder)->required();
  relay->callback([&line, role, folder] {
    line.run = [role, folder](Output&) {
      if (run_relay_process(*role, *folder) != 0) throw UsageError("hub or engine");
    };
  });
}

}  // namespace

void add_bench_commands(CLI::App& app, Line& line) {
  CLI::App* bench = app.add_subcommand(
      "bench", "Measure this build, on a cluster of its own, beside a bare relay");
  bench->require_subcommand(0, 1);
  bench->footer(
      "The baseline of latency, throughput and graphs is a libzmq relay of three processes that\n"
      "looks at nothing; runs of both take turns, and the ratio is the median of the pairs'. Each\n"
      "takes a minute at most.\n"
      "Example: roundhouse bench latency --pairs 3");
  add_speeds(bench, line);
  add_commands(bench, line);
  add_source(bench, line);
  add_restart(bench, line);
  add_waiting(bench, line);
  add_control(bench, line);
  add_engines(bench, line);
  add_relay(bench, line);
}

}  // namespace roundhouse::cli
