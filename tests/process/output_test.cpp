// What tasks write to standard output and standard error, with real daemons: live, in the outcome,
// and on record.
#include <algorithm>
#include <fstream>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/modules/printing_tasks.hpp"
#include "tests/support/hub_process.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/real_cluster.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::test {
namespace {

using namespace std::chrono_literals;

ClusterOptions with_printing_tasks() {
  ClusterOptions options;
  options.modules.push_back(RealCluster::module_path("printing_tasks"));
  return options;
}

struct Printing {
  explicit Printing(std::size_t engines = 1, ClusterOptions options = with_printing_tasks())
      : cluster(engines, std::move(options)), client(cluster.connect()) {
    client.wait_for_engines(engines, kPatience);
  }

  RealCluster cluster;
  Client client;
};

// What was heard of a result, put together.
class Ear {
 public:
  template <class Result>
  explicit Ear(const Result& result) {
    result.on_output([state = state_](const OutputPart& part) {
      const std::lock_guard lock(state->mutex);
      (part.stream == OutputStream::out ? state->out : state->err) += part.text;
      if (part.engine) state->engine = *part.engine;
    });
  }

  [[nodiscard]] std::string out() const {
    const std::lock_guard lock(state_->mutex);
    return state_->out;
  }

  [[nodiscard]] std::string err() const {
    const std::lock_guard lock(state_->mutex);
    return state_->err;
  }

  [[nodiscard]] int engine() const {
    const std::lock_guard lock(state_->mutex);
    return state_->engine;
  }

 private:
  struct State {
    std::mutex mutex;
    std::string out, err;
    int engine = -1;
  };

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace

TEST_CASE("what C++, C, the descriptor and children write comes with the result") {
  Printing at;
  const auto result = at.client[0].apply_async(printing_tasks::every_way, std::string("one"));
  CHECK(result.get(kPatience) > 0);
  CHECK(result.stdout() == "cout one\nprintf one\nwrite one\nchild one\n");
  CHECK(result.stderr() == "cerr one\nclog one\n");
  // And of the next task nothing of it.
  const auto next = at.client[0].apply_async(printing_tasks::nothing);
  next.get(kPatience);
  CHECK(next.stdout().empty());
  CHECK(next.stderr().empty());
}

TEST_CASE("each of a thousand short tasks has its own line") {
  Printing at(2);
  const LoadBalancedView any = at.client.load_balanced_view();
  std::vector<AsyncResult<void>> results;
  std::vector<AsyncResult<void>> bytes;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    results.push_back(any.apply_async(printing_tasks::one_line, i));
    bytes.push_back(any.apply_async(printing_tasks::one_byte));
    (void)any.apply_async(printing_tasks::nothing);
  }
  for (std::uint32_t i = 0; i < 1000; ++i) {
    results[i].get(kPatience);
    bytes[i].get(kPatience);
    REQUIRE(results[i].stdout() == std::to_string(i) + "\n");
    REQUIRE(bytes[i].stderr() == "x");
  }
}

TEST_CASE("a task that runs is heard before it ends") {
  Printing at;
  const std::string seen = at.cluster.file("seen");
  const auto result = at.client[0].apply_async(printing_tasks::two_lines, seen);
  const Ear ear(result);
  REQUIRE(comes_true([&] { return ear.out() == "first\n"; }));
  CHECK(result.stdout() == "first\n");
  CHECK(result.metadata().status == "pending");
  std::ofstream{seen};
  result.get(kPatience);
  REQUIRE(comes_true([&] { return ear.out() == "first\nsecond\n"; }));
  CHECK(result.stdout() == "first\nsecond\n");
  CHECK(ear.engine() == 0);
  const Ear late(result);  // hears all of it, too
  REQUIRE(comes_true([&] { return late.out() == "first\nsecond\n"; }));
}

TEST_CASE("of much output the client has it all up to the bound, and the record the gist") {
  Printing at;
  const auto some = at.client[0].apply_async(printing_tasks::much, std::uint64_t{200'000});
  some.get(kPatience);
  CHECK(some.stdout().size() == 200'000);
  const auto more = at.client[0].apply_async(printing_tasks::much, std::uint64_t{20'000'000});
  more.get(kPatience);
  const std::string text = more.stdout();
  CHECK(text.size() > std::size_t{1} << 20U);
  CHECK(text.size() < (std::size_t{1} << 20U) + 20'000);
  CHECK(text.find(" bytes left out ...]\n") != std::string::npos);
  CHECK(text.ends_with("xxx\n"));
  const TaskRecords found = at.client.result(some.msg_ids());
  REQUIRE(found.records.size() == 1);
  const std::string kept = found.records.front().metadata.stdout;
  CHECK(kept.size() < 17'000);
  CHECK(kept.find("bytes left out") != std::string::npos);
}

TEST_CASE("another client finds on record what a task wrote, also after a restart of the hub") {
  Printing at;
  const auto result = at.client[0].apply_async(printing_tasks::every_way, std::string("kept"));
  (void)result.get(kPatience);
  const std::string id = result.msg_ids().front();
  // What has been told is on record: the hub may die then.
  REQUIRE(comes_true([&] {
    return !at.client.db_query({.where = fields::msg_id == id && fields::status == "ok"}).empty();
  }));
  kill_hub(at.client);
  Client other = at.cluster.connect();
  const auto same = other.get_result<int>(id);
  CHECK(same.get(kPatience) == result.get());
  CHECK(same.stdout() == result.stdout());
  CHECK(same.stderr() == result.stderr());
  const std::vector<TaskRecord> found = other.db_query({.where = fields::msg_id == id});
  REQUIRE(found.size() == 1);
  CHECK(found.front().metadata.stdout == result.stdout());
}

TEST_CASE("a task that throws, is ended at its limit or crashes has said its last words") {
  Printing at;
  const EngineView one = at.client[0];
  const auto thrown = one.apply_async(printing_tasks::throws, std::string("before"));
  CHECK_THROWS_AS(thrown.get(kPatience), RemoteError);
  CHECK(thrown.stdout() == "before\n");
  const auto endless =
      one.with({.time_limit = 100ms}).apply_async(printing_tasks::never_ends, std::string("loop"));
  CHECK_THROWS_AS(endless.get(kPatience), TimeLimitExceeded);
  CHECK(endless.stdout() == "loop\n");
  at.client.wait_for_engines(1, kPatience);
  const auto crashed =
      at.client.load_balanced_view().apply_async(printing_tasks::crashes, std::string("ouch"));
  try {
    crashed.get(kPatience);
    FAIL("it did not crash");
  } catch (const EngineError& error) {
    CHECK(std::string(error.what()).find("ouch") != std::string::npos);
  }
}

TEST_CASE(
    "what a task printed before its process ended is on record, and its client has the same") {
  Printing at;
  const LoadBalancedView any = at.client.load_balanced_view();
  for (const std::string how : {"abort", "exit", "kill"}) {
    CAPTURE(how);
    const auto result = any.apply_async(printing_tasks::ends, how);
    CHECK_THROWS_AS(result.get(kPatience), EngineError);
    CHECK(result.stdout() == "out\n");
    CHECK(result.stderr() == "err\n");
    const TaskRecords found = at.client.result(result.msg_ids());
    REQUIRE(found.records.size() == 1);
    CHECK(found.records.front().metadata.stdout == "out\n");
    CHECK(found.records.front().metadata.stderr == "err\n");
  }
  const auto much = any.apply_async(printing_tasks::much_and_ends, std::uint64_t{5'000'000});
  CHECK_THROWS_AS(much.get(kPatience), EngineError);
  CHECK(much.stdout().ends_with("xxx\n"));
  const TaskRecords found = at.client.result(much.msg_ids());
  REQUIRE(found.records.size() == 1);
  const std::string kept = found.records.front().metadata.stdout;
  CHECK(kept.size() < 17'000);
  CHECK(kept.find("[... 4983616 bytes left out ...]") != std::string::npos);
}

TEST_CASE("the error of a crash tells what its own call printed, and nothing of those before") {
  Printing at;
  const EngineView one = at.client[0];
  one.apply_sync(printing_tasks::one_line, 12345U);
  const auto crashed = one.apply_async(printing_tasks::crashes, std::string("ouch"));
  try {
    crashed.get(kPatience);
    FAIL("it did not crash");
  } catch (const EngineError& error) {
    const std::string text = error.what();
    CHECK(text.find("last output: ouch") != std::string::npos);
    CHECK(text.find("12345") == std::string::npos);
  }
}

TEST_CASE("who waited behind a task that had to be ended hears that its process was replaced") {
  Printing at;
  const EngineView one = at.client[0];
  const auto endless = one.apply_async(printing_tasks::never_ends, std::string("loop"));
  const Ear ear(endless);
  REQUIRE(comes_true([&] { return ear.out() == "loop\n"; }));
  const auto behind = one.apply_async(printing_tasks::one_line, 1U);
  (void)at.client.interrupt(endless, {.timeout = kPatience});
  CHECK_THROWS_AS(endless.get(kPatience), TaskAborted);
  try {
    behind.get(kPatience);
    FAIL("it ran");
  } catch (const EngineError& error) {
    const std::string text = error.what();
    CHECK(text.find("'s process was replaced because a task that was to stop went on") !=
          std::string::npos);
    CHECK(text.find("last output") == std::string::npos);
  }
}

TEST_CASE("outputs are shown by engine") {
  Printing at(2);
  const auto results = at.client[all].apply_async(printing_tasks::one_line, 5U);
  (void)results.get(kPatience);
  std::ostringstream out;
  std::ostringstream err;
  results.display_outputs(&out, &err);
  CHECK(out.str() == "[stdout:0] 5\n[stdout:1] 5\n");
  CHECK(err.str().empty());
}

TEST_CASE("a command is heard while it runs, whatever other tasks write") {
  Printing at;
  const std::string seen = at.cluster.file("seen");
  const auto result = at.client[0].command_async(
      {"sh", "-c", "echo one; echo two >&2; while [ ! -e " + seen + " ]; do sleep 0.01; done"});
  const Ear ear(result);
  REQUIRE(comes_true([&] { return ear.out() == "one\n" && ear.err() == "two\n"; }));
  std::ofstream{seen};
  CHECK(result.get(kPatience).out == "one\n");
  CHECK(result.stdout() == "one\n");
}

}  // namespace roundhouse::test
