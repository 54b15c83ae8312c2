#include "engine/builtin_tasks.hpp"

#include <atomic>
#include <chrono>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "engine/task_host.hpp"
#include "shared/clock.hpp"
#include <roundhouse/arguments.hpp>
#include <roundhouse/named_values.hpp>

namespace rh = roundhouse;
using rh::Encoded;
using rh::Reply;
using rh::engine::TaskHost;

namespace {

Reply call(TaskHost& host, std::string_view name, const Encoded& arguments) {
  const rh::TaskInfo* task = rh::engine::find_builtin_task(name);
  REQUIRE(task != nullptr);
  Reply reply;
  task->invoke({arguments.body, arguments.frames, &host}, reply);
  return reply;
}

std::vector<std::string> names(TaskHost& host) {
  return rh::decode_names(call(host, rh::kNamesTask, rh::encode_values()).result.body);
}

TEST_CASE("pushed values are named, pulled as they came, and cleared") {
  TaskHost host(1);
  const std::vector<rh::NamedValue> values{{"b", rh::pack_value(std::vector<int>(5000, 2))},
                                           {"a", rh::pack_value(std::string("x"))}};
  CHECK(call(host, rh::kPushTask, rh::encode_named_values(values)).ok);
  CHECK(names(host) == std::vector<std::string>{"a", "b"});
  const Reply pulled =
      call(host, rh::kPullTask, rh::encode_names(std::vector<std::string>{"b", "a"}));
  REQUIRE(pulled.ok);
  CHECK(rh::decode_named_values(pulled.result.body, pulled.result.frames) == values);
  CHECK(call(host, rh::kClearTask, rh::encode_values()).ok);
  CHECK(names(host).empty());
}

TEST_CASE("pulling what is not there is a NameError") {
  TaskHost host(1);
  const Reply missing = call(host, rh::kPullTask, rh::encode_names(std::vector<std::string>{"a"}));
  CHECK_FALSE(missing.ok);
  CHECK(missing.error.name == "NameError");
}

TEST_CASE("a built-in task refuses what is malformed") {
  TaskHost host(1);
  const std::vector<std::string> bodies{"", "\xc1", "\x91", "\x94\x01\x02\x03\x04",
                                        "\xdd\xff\xff\xff\xff"};
  for (const rh::TaskInfo& task : rh::engine::builtin_tasks()) {
    for (const std::string& body : bodies) {
      const Reply reply = call(host, task.name, {body, {}, false});
      CHECK_FALSE(reply.ok);
      CHECK(reply.error.name == "SerializationError");
    }
  }
}

TEST_CASE("sleep takes as long as it is told, and ends when it is asked to stop") {
  const rh::TaskInfo* sleep = rh::engine::find_builtin_task(rh::kSleepTask);
  REQUIRE(sleep != nullptr);
  Reply reply;
  const auto begin = rh::steady_now();
  const Encoded shortly = rh::encode_values(0.05);
  sleep->invoke({shortly.body, {}}, reply);
  CHECK(reply.ok);
  CHECK(rh::steady_now() - begin >= std::chrono::milliseconds{50});
  const std::atomic<bool> stop{true};
  const Encoded a_day = rh::encode_values(86400.0);
  sleep->invoke({a_day.body, {}, nullptr, &stop}, reply);
  CHECK(reply.ok);
  for (const double seconds : {-1.0, 1e9, std::numeric_limits<double>::quiet_NaN()}) {
    const Encoded nonsense = rh::encode_values(seconds);
    sleep->invoke({nonsense.body, {}}, reply);
    CHECK_FALSE(reply.ok);
  }
}

TEST_CASE("what does not look at the namespace can do without an engine") {
  const Encoded none = rh::encode_values();
  Reply reply;
  rh::engine::find_builtin_task(rh::kNoopTask)->invoke({none.body, {}}, reply);
  CHECK(reply.ok);
  rh::engine::find_builtin_task(rh::kNamesTask)->invoke({none.body, {}}, reply);
  CHECK(reply.error.name == "NotOnEngine");
  CHECK(rh::engine::find_builtin_task("roundhouse.shove") == nullptr);
}

}  // namespace
