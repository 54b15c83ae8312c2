// What engines take to compile source, and how good the code is that comes of it.
#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/bench_runs.hpp"
#include "cli/bench_setting.hpp"
#include "cli/commands.hpp"
#include "shared/clock.hpp"
#include "shared/lambda_source.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::cli {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kStartsMax = 5;
constexpr std::size_t kNewLambdas = 10;
constexpr int kKernelSteps = 200'000;  // some milliseconds
// Of the compiler, from the best to the worst of baselines.
constexpr std::array kCompilers{"clang++-19", "clang++"};

// What the lambda does, and the library of the baseline.
constexpr std::string_view kKernel = R"(
  double sum = 0;
  for (int i = 1; i <= n; ++i) {
    const double x = 0.001 * i;
    sum += std::sqrt(x) * (x - std::floor(x)) / (1 + x * x);
  }
  return sum;)";

double milliseconds_of(Duration span) {
  return 1e3 * seconds(span);
}

template <class Work>
double time_ms(const Work& work) {
  const TimePoint begin = steady_now();
  work();
  return milliseconds_of(steady_now() - begin);
}

// A lambda that this program does not hold, as RH_LAMBDA sends it: double(int).
class BenchLambda {
 public:
  explicit BenchLambda(const std::string& body) {
    wire::LambdaSource source;
    source.lambda = {"[](int n) -> double {" + body + "}", "bench_source", 1, ""};
    source.type = typeid(double(int)).name();
    source.parameters = {typeid(int).name()};
    source.result = typeid(double).name();
    source_ = wire::encode(source);
  }

  double operator()(const Client& client, int n) const {
    std::vector<Encoded> arguments{encode_values(n)};
    return client
        .send_apply_message({.function = "lambda bench_source",
                             .signature = signature_of<double(int)>(),
                             .source = source_,
                             .engines = {0}},
                            arguments)
        .as<double>()
        .get();
  }

 private:
  std::string source_;
};

bool succeeds(std::vector<std::string> words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  pid_t pid = 0;
  if (posix_spawnp(&pid, pointers.front(), nullptr, nullptr, pointers.data(), environ) != 0)
    return false;
  int status = -1;
  return waitpid(pid, &status, 0) == pid && status == 0;
}

// The kernel as a shared library by the best compiler that is here, and which it was; nothing
// without one.
std::optional<std::string> compile_baseline(const std::string& folder) {
  const std::string source = folder + "/kernel.cpp";
  std::ofstream(source) << "#include <cmath>\nextern \"C\" double kernel(int n) {" << kKernel
                        << "\n}\n";
  for (const char* compiler : kCompilers) {
    if (succeeds({compiler, "-O2", "-std=c++20", "-fPIC", "-shared", source, "-o",
                  folder + "/kernel.so"}))
      return compiler;
  }
  return std::nullopt;
}

// Later calls of the lambda beside calls of the library, each pair in turn.
void compare_kernel(const Client& client, const std::string& folder, std::size_t pairs,
                    Duration span, const Interrupt& interrupt, std::vector<Figure>& figures,
                    Output& out) {
  const std::optional<std::string> compiler = compile_baseline(folder);
  if (!compiler) {
    out.line("source.kernel is left out: there is no clang++ to compare with", Style::faint);
    return;
  }
  out.line("source.kernel is compared with " + *compiler + " -O2", Style::faint);
  const BenchLambda ours{std::string(kKernel)};
  const BenchLambda theirs(
      "static const auto kernel = reinterpret_cast<double (*)(int)>(::dlsym(::dlopen(\"" + folder +
      "/kernel.so\", RTLD_NOW), \"kernel\")); return kernel(n);");
  const auto typical_us = [&](const BenchLambda& lambda) {
    std::vector<Duration> all;
    const TimePoint begin = steady_now();
    for (TimePoint last = begin; all.empty() || last - begin < span;) {
      (void)lambda(client, kKernelSteps);
      const TimePoint now = steady_now();
      all.push_back(now - last);
      last = now;
    }
    return percentile_us(std::move(all), 0.5);
  };
  (void)theirs(client, 1), (void)ours(client, 1);
  Figure kernel{.name = "source.kernel", .unit = "us", .target = 1.1};
  for_each_pair(pairs, interrupt, [&](bool theirs_first) {
    double baseline = 0;
    if (theirs_first) baseline = typical_us(theirs);
    const double own = typical_us(ours);
    if (!theirs_first) baseline = typical_us(theirs);
    kernel.add(baseline, own);
  });
  figures.push_back(std::move(kernel));
}

}  // namespace

void bench_source(const BenchOptions& options, Output& out) {
  const std::size_t pairs = options.pairs == 0 ? 9 : options.pairs;
  const Duration span = options.span == Duration{} ? Duration{300ms} : options.span;
  const Interrupt interrupt;
  const BenchPlace place;
  Figure ready{.name = "source.ready", .unit = "ms", .target = 1000};
  Figure ready_lambda{.name = "source.ready_lambda", .unit = "ms", .target = 1000};
  for (std::size_t i = 0; i < std::min(pairs, kStartsMax); ++i) {
    interrupt.check();
    const BenchCluster cluster({.engines = 1});
    const EngineView engine = cluster.client()[0];
    (void)engine.apply_sync<void>(kBenchTask);
    ready.ours.push_back(time_ms([&] { (void)engine.execute_sync("1"); }));
    const BenchLambda first(" return n;");
    ready_lambda.ours.push_back(time_ms([&] { (void)first(cluster.client(), 1); }));
  }
  const BenchCluster cluster({.engines = 1});
  const Client& client = cluster.client();
  const EngineView engine = client[0];
  (void)engine.execute_sync("int n = 0;");
  (void)BenchLambda(" return n;")(client, 1);
  Figure statement{.name = "source.statement", .unit = "ms", .target = 20};
  Figure new_lambda{.name = "source.new_lambda", .unit = "ms", .target = 100};
  for (std::size_t i = 0; i < kNewLambdas * pairs; ++i) {
    interrupt.check();
    statement.ours.push_back(time_ms([&] { (void)engine.execute_sync("n += 1;"); }));
    const BenchLambda unseen(" n += " + std::to_string(i) + ";" + std::string(kKernel));
    new_lambda.ours.push_back(time_ms([&] { (void)unseen(client, 1); }));
  }
  std::vector<Figure> figures{ready, ready_lambda, statement, new_lambda};
  compare_kernel(client, place.path(), pairs, span, interrupt, figures, out);
  print_figures(figures, out);
}

}  // namespace roundhouse::cli
