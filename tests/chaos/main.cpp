// roundhouse-chaos: kills processes of a cluster while clients work, and judges what came of it.
// See `roundhouse-chaos --help`, and tests/README.md.

#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "shared/clock.hpp"
#include "tests/chaos/client_process.hpp"
#include "tests/chaos/report.hpp"
#include "tests/chaos/run.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using namespace roundhouse;
using namespace roundhouse::chaos;

constexpr int kBad = 1;
constexpr int kUnfinished = 2;
constexpr int kUsage = 3;
constexpr int kInterrupted = 130;

void say(const std::string& text) {
  std::fprintf(stderr, "roundhouse-chaos: %s\n", text.c_str());
}

std::string make_folder() {
  const char* base = std::getenv("TMPDIR");
  std::string path = std::string(base == nullptr || *base == 0 ? "/tmp" : base) + "/rhc-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) throw Exception(Errc::io_failed, "cannot make " + path);
  return path;
}

void print(const Report& report) {
  std::fputs(report.options.json ? (as_json(report) + "\n").c_str() : as_table(report).c_str(),
             stdout);
  std::fflush(stdout);
}

// The run itself; what it started is gone when this returns.
int run_in(const Options& options, const std::string& folder) {
  Report report;
  report.options = options;
  const TimePoint began = steady_now();
  Run run(options, folder);
  try {
    run.wreak_havoc();
  } catch (const Stuck& stuck) {
    report.problem = stuck.what + "\n" + run.describe_processes();
  }
  std::string unreadable;
  const Evidence evidence = run.gather(unreadable);
  if (!unreadable.empty()) report.problem += "\n" + unreadable;
  report.seconds = std::chrono::duration<double>(steady_now() - began).count();
  report.faults = evidence.faults;
  report.verdict = judge(evidence);
  print(report);
  return report.verdict.good() && report.problem.empty() ? 0 : kBad;
}

int run_chaos(const Options& options) {
  notice_interrupts();
  const std::string folder = make_folder();
  const test::ScopedEnv run_dir("ROUNDHOUSE_DIR", folder + "/run");
  const test::ScopedEnv state_dir("XDG_STATE_HOME", folder + "/state");
  const test::ScopedEnv programs("ROUNDHOUSE_BINDIR", std::string(RH_BINARY_DIR) + "/bin");
  int exit = kUnfinished;
  try {
    exit = run_in(options, folder);
  } catch (const Interrupted&) {
    exit = kInterrupted;
  } catch (const std::exception& error) {
    say(error.what());
  }
  // One that has just been killed may still be on its way out.
  (void)test::comes_true([&] { return processes_with(folder).empty(); });
  for (const pid_t left : processes_with(folder)) {
    say("process " + std::to_string(left) + " was left behind");
    exit = kBad;
  }
  if (options.keep || exit == kBad || exit == kUnfinished) {
    say("journals, logs and the database are in " + folder);
  } else {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  return exit;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 1 && (words[0] == "--help" || words[0] == "-h")) {
    std::fputs(usage().c_str(), stdout);
    return 0;
  }
  if (!words.empty() && words[0] == "client") {
    try {
      run_client(parse_client_task({words.begin() + 1, words.end()}));
      return 0;
    } catch (const std::exception& error) {
      say(std::string("a client failed: ") + error.what());
      return 1;
    }
  }
  std::string problem;
  const auto options = parse_options(words, problem);
  if (!options) {
    say(problem + "\n" + usage());
    return kUsage;
  }
  return run_chaos(*options);
}
