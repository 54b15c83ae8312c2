// roundhouse-sim: runs simulated worlds by hand, many of them, or one of them with all that happens
// in it.
//
//   roundhouse-sim --seeds 100000            seeds 1 to 100000
//   roundhouse-sim --seed 4711 --trace       one of them
//   roundhouse-sim --liars --seeds 100000    a hub among liars instead, see liars.hpp
//
// Exit codes: 1 something wrong happened, 2 something did not finish, 3 usage, 134 a check failed.

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/sim/liars.hpp"
#include "tests/sim/world.hpp"

namespace {

using namespace roundhouse::sim;

volatile std::uint64_t current_seed = 0;
const char* replay_flag = "--trace";

void print_failure(const char* property) {
  std::printf("seed=%llu : %s\n  replay: roundhouse-sim --seed %llu %s\n",
              static_cast<unsigned long long>(current_seed), property,
              static_cast<unsigned long long>(current_seed), replay_flag);
  std::fflush(stdout);
}

// A check of a core aborts the process: the seed has to be said by then.
void on_abort(int) {
  print_failure("a check failed (see standard error)");
  std::_Exit(134);
}

struct Arguments {
  std::uint64_t seed = 1;
  std::uint64_t seeds = 1;
  std::uint64_t steps = 0;
  bool trace = false;
  bool liars = false;
  bool keep_going = false;
};

bool parse(int argc, char** argv, Arguments& out) {
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--trace") {
      out.trace = true;
    } else if (name == "--liars") {
      out.liars = true;
    } else if (name == "--keep-going") {
      out.keep_going = true;
    } else if (i + 1 < argc && (name == "--seed" || name == "--seeds" || name == "--steps")) {
      const std::uint64_t value = std::strtoull(argv[++i], nullptr, 10);
      (name == "--seed" ? out.seed : name == "--seeds" ? out.seeds : out.steps) = value;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!parse(argc, argv, arguments)) {
    std::fputs(
        "usage: roundhouse-sim [--seed N] [--seeds COUNT] [--steps MAX] [--keep-going] "
        "[--trace | --liars]\n",
        stderr);
    return 3;
  }
  if (arguments.liars) replay_flag = "--liars";
  static_cast<void>(std::signal(SIGABRT, on_abort));
  int status = 0;
  std::uint64_t steps = 0;
  for (std::uint64_t i = 0; i < arguments.seeds; ++i) {
    current_seed = arguments.seed + i;
    try {
      if (arguments.liars) {
        steps += run_liars(current_seed);
        continue;
      }
      World world{draw_world(current_seed), arguments.trace, arguments.steps};
      world.run();
      steps += world.steps();
    } catch (const Violation& violation) {
      print_failure(violation.what());
      status = static_cast<int>(violation.kind());
      if (!arguments.keep_going) return status;
    }
  }
  std::printf("%llu worlds, %llu events\n", static_cast<unsigned long long>(arguments.seeds),
              static_cast<unsigned long long>(steps));
  return status;
}
