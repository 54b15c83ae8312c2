// Code that ends its engine's process, or never ends; and engines that run no source.
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <sys/resource.h>

#include <doctest/doctest.h>

#include "tests/modules/process_tasks.hpp"
#include "tests/support/interpreter.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/real_cluster.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::test {
namespace {

using namespace std::chrono_literals;

ClusterOptions that_crashes() {
  ClusterOptions options;
  options.engine_flags = {"--set", "crashes_max=100"};
  return options;
}

TEST_CASE("code that crashes or ends the process ends with EngineError, and the engine goes on") {
  if (!has_interpreter()) return;
  const RealCluster cluster(1, that_crashes());
  const Client client = cluster.connect();
  client.wait_for_engines(1, kPatience);
  const EngineView one = client[0];
  for (const char* code : {
           "*static_cast<volatile int*>(nullptr) = 1;",
           "std::abort();",
           "std::exit(0);",
           "int sink(volatile int* p) { int a[512]; a[*p & 511] = *p; return sink(a) + a[7]; } "
           "int z = 1; sink(&z)",
           "[]() noexcept { throw 1; }();",
       }) {
    one.execute_sync("int before = 1;");
    CHECK(error_of(one, code).name == "EngineError");
    CHECK(one.execute_sync("1 + 1").value == "2");
    CHECK(error_of(one, "before").name == "CompileError");  // a new process
  }
}

TEST_CASE("what was printed before a crash is told with it") {
  if (!has_interpreter()) return;
  const RealCluster cluster(1);
  const Client client = cluster.connect();
  client.wait_for_engines(1, kPatience);
  client[0].execute_sync("#include <csignal>");
  const RemoteErrorInfo killed =
      error_of(client[0],
               "std::cout << \"about to\\n\" << std::flush; std::system(\"sleep 0.1\");\n"
               "std::raise(SIGKILL);");
  CHECK(killed.name == "EngineError");
  CHECK((killed.value + killed.traceback).find("about to") != std::string::npos);
}

TEST_CASE("an endless loop is ended by the time limit of its view") {
  if (!has_interpreter()) return;
  const RealCluster cluster(1);
  const Client client = cluster.connect();
  client.wait_for_engines(1, kPatience);
  const EngineView one = client[0];
  one.execute_sync("int ready = 1;");
  const auto endless =
      one.with({.time_limit = 100ms}).execute_async("volatile int k = 0; for (;;) k = k + 1;");
  REQUIRE(endless.wait(kPatience));
  CHECK_THROWS_AS((void)endless.get(), TimeLimitExceeded);
  // What is sent before the hub knows of the end of the process ends with it.
  CHECK(comes_true([&] { return one.execute_async("2").get(return_exceptions).ok(); }));
  CHECK(error_of(one, "ready").name == "CompileError");
  CHECK(one.with({.time_limit = 1h}).execute_sync("3").value == "3");
}

TEST_CASE("a destructor that never ends is ended by an interrupt, with its process") {
  if (!has_interpreter()) return;
  const RealCluster cluster(1);
  const Client client = cluster.connect();
  client.wait_for_engines(1, kPatience);
  client[0].execute_sync("struct Endless { ~Endless() { for (;;) std::abs(1); } } endless;");
  CHECK(client.clear(0, {.timeout = 300ms}).engines.at(0).state == "busy");
  const ControlReport report = client.interrupt(0, {.timeout = kPatience});
  CHECK(report.done());
  CHECK(report.engines.at(0).state == "replaced");
  CHECK(client[0].execute_async("1 + 1").get(kPatience).value == "2");
}

TEST_CASE("memory that is exhausted is an exception") {
  if (!has_interpreter()) return;
  const RealCluster cluster(1);
  const Client client = cluster.connect();
  client.wait_for_engines(1, kPatience);
  const EngineView one = client[0];
  one.execute_sync("int kept = 1;");
  CHECK(error_of(one, "std::vector<char> all(std::size_t{1} << 47);").name == "std::bad_alloc");
  CHECK(one.execute_sync("kept").value == "1");
}

// What this process may address, and those that it starts, until the end of this.
class AddressLimit {
 public:
  explicit AddressLimit(rlim_t bytes) {
    REQUIRE(::getrlimit(RLIMIT_AS, &before_) == 0);
    rlimit limited = before_;
    limited.rlim_cur = bytes;
    REQUIRE(::setrlimit(RLIMIT_AS, &limited) == 0);
  }

  AddressLimit(const AddressLimit&) = delete;
  AddressLimit& operator=(const AddressLimit&) = delete;

  ~AddressLimit() { ::setrlimit(RLIMIT_AS, &before_); }

 private:
  rlimit before_{};
};

TEST_CASE("all memory under an address-space limit is an exception, and the engine goes on") {
  if (!has_interpreter()) return;
  std::optional<AddressLimit> limit(std::in_place, rlim_t{3} << 30U);
  const RealCluster cluster(1);
  limit.reset();
  const Client client = cluster.connect();
  client.wait_for_engines(1, kPatience);
  const EngineView one = client[0];
  one.execute_sync("int kept = 1;");
  const std::string process = one.execute_sync("getpid()").value;
  CHECK(error_of(one,
                 "{ std::vector<std::unique_ptr<char[]>> all;\n"
                 "for (;;) all.emplace_back(new char[std::size_t{16} << 20U]); }")
            .name == "std::bad_alloc");
  CHECK(one.execute_sync("kept").value == "1");
  CHECK(one.execute_sync("getpid()").value == process);
  CHECK(one.apply_sync(process_tasks::add, 1, 2) == 3);
}

TEST_CASE("engines that are told to run no source refuse it, and all else works") {
  ClusterOptions options;
  options.engine_flags = {"--no-source"};
  const RealCluster cluster(1, options);
  const Client client = cluster.connect();
  client.wait_for_engines(1, kPatience);
  const RemoteErrorInfo error = error_of(client[0], "1");
  CHECK(error.name == "NoInterpreter");
  CHECK(error.value.find("--no-source") != std::string::npos);
  CHECK(client[0].apply_sync(process_tasks::add, 1, 2) == 3);
  client[0]["a"] = 4;
  CHECK(client[0]["a"].as<int>() == 4);
}

TEST_CASE("engines without an interpreter say what to install, and all else works") {
  if (!kInterpreter.empty()) return;  // tests/engine/source_host_test.cpp has one without, too
  const RealCluster cluster(1);
  const Client client = cluster.connect();
  client.wait_for_engines(1, kPatience);
  const RemoteErrorInfo error = error_of(client[0], "1");
  CHECK(error.name == "NoInterpreter");
  CHECK(error.value.find("install") != std::string::npos);
  CHECK(client[0].apply_sync(process_tasks::add, 1, 2) == 3);
}

}  // namespace
}  // namespace roundhouse::test
