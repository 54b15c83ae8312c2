#include <memory>
#include <string>

#include "cli/bench_relay.hpp"
#include "cli/command_line.hpp"

namespace roundhouse::cli {

void add_bench_commands(CLI::App& app, Line& line) {
  CLI::App* bench = app.add_subcommand(
      "bench", "Measure this build, on a cluster of its own, beside a bare relay");
  bench->require_subcommand(0, 1);
  bench->footer(
      "The baseline of latency, throughput and graphs is a libzmq relay of three processes that\n"
      "looks at nothing; runs of both take turns, and the ratio is the median of the pairs'. Each\n"
      "takes a minute at most.\n"
      "Example: roundhouse bench latency --pairs 3");
  const auto add = [&](const std::string& name, const std::string& help, auto measure) {
    const auto options = std::make_shared<BenchOptions>();
    CLI::App* command = bench->add_subcommand(name, help);
    command->add_option("--pairs", options->pairs, "How many pairs of runs")
        ->check(plain(CLI::Range(1, 1000)))
        ->type_name("N");
    command
        ->add_option_function<std::string>(
            "--span",
            [options](const std::string& text) {
              const auto span = parse_duration(text);
              if (!span || *span == Duration{})
                throw CLI::ValidationError("--span", "wants a duration: 500ms");
              options->span = *span;
            },
            "How long a run takes, about")
        ->type_name("TIME");
    command->footer("Example: roundhouse bench " + name + " --pairs 3 --span 500ms");
    command->callback([&line, options, measure] {
      line.run = [options, measure](Output& out) { measure(*options, out); };
    });
  };
  add("latency", "Synchronous calls of an empty task", &bench_latency);
  add("throughput", "Asynchronous empty tasks, recorded; memory of the hub", &bench_throughput);
  add("graphs", "A chain of 10,000 tasks that depend on each other, and 100,000 in layers",
      &bench_graphs);

  const auto restart = std::make_shared<RestartOptions>();
  CLI::App* command = bench->add_subcommand(
      "restart", "How soon work goes on when the hub was killed with many tasks queued");
  command->add_option("--queued", restart->queued, "Tasks that wait (100000, then 1000000)")
      ->check(plain(CLI::Range(1, 2'000'000)))
      ->type_name("N");
  command->add_option("--kills", restart->kills, "How often it is killed (20; with a million 5)")
      ->check(plain(CLI::Range(1, 10'000)))
      ->type_name("K");
  command->footer(
      "From SIGKILL until the outcome of a task that the next hub has given to an engine; `lost`\n"
      "counts the tasks, of all, that did not end well. Takes a minute at most.\n"
      "Example: roundhouse bench restart --queued 100000 --kills 5");
  command->callback(
      [&line, restart] { line.run = [restart](Output& out) { bench_restart(*restart, out); }; });

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

}  // namespace roundhouse::cli
