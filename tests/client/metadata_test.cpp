#include <set>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include <roundhouse/metadata.hpp>

namespace roundhouse::test {
namespace {

using namespace std::chrono_literals;

Metadata sample() {
  Metadata md;
  md.msg_id = std::string(32, 'a');
  md.submitted = UtcTime(1'700'000'000'000'000us);
  md.engine_id = 3;
  md.status = "error";
  md.outcome = "engine_lost";
  md.attempt = 2;
  md.duration = 1500ms;
  md.error = RemoteErrorInfo{.name = "EngineError", .value = "signal 9"};
  md.after = {"x", "y"};
  return md;
}

TEST_CASE("metadata is read by member and by key") {
  const Metadata md = sample();
  CHECK(std::get<std::string>(md["msg_id"]) == md.msg_id);
  CHECK(std::get<UtcTime>(md["submitted"]) == md.submitted);
  CHECK(std::get<std::int64_t>(md["engine_id"]) == 3);
  CHECK(std::get<std::int64_t>(md["attempt"]) == 2);
  CHECK(std::get<std::chrono::nanoseconds>(md["duration"]) == 1500ms);
  CHECK(std::get<std::vector<std::string>>(md["after"]) == md.after);
  CHECK(std::get<std::string>(md["status"]) == "error");
  CHECK(std::get<std::string>(md["outcome"]) == "engine_lost");
  CHECK_THROWS_WITH_AS((void)md["colour"], doctest::Contains("colour"), std::out_of_range);
}

TEST_CASE("what is not known has no value") {
  const Metadata md = sample();
  for (const char* key : {"started", "completed", "received", "engine_uuid", "stdout", "output"})
    CHECK(std::holds_alternative<std::monostate>(md[key]));
  CHECK(std::holds_alternative<std::monostate>(Metadata()["engine_id"]));
}

TEST_CASE("the names of IPython parallel name the same things") {
  Metadata md = sample();
  md.output = "7";
  CHECK(md["pyerr"] == md["error"]);
  CHECK(md["pyout"] == md["output"]);
  CHECK(md.pyerr() == md.error);
  CHECK(md.pyout() == "7");
}

TEST_CASE("every key of the page, and ours, is there") {
  const Metadata md;
  const std::set<std::string_view> keys(Metadata::keys().begin(), Metadata::keys().end());
  for (const char* key : {"submitted", "started", "completed", "received", "engine_id",
                          "engine_uuid", "error", "output", "stdout", "stderr", "status", "msg_id",
                          "after", "follow", "attempt", "label", "duration", "outcome"})
    CHECK_MESSAGE(keys.contains(key), key);
  for (const std::string_view key : keys) CHECK_NOTHROW((void)md[key]);
}

TEST_CASE("values are text for people") {
  const Metadata md = sample();
  CHECK(to_string(md["submitted"]) == "2023-11-14T22:13:20.000000Z");
  CHECK(to_string(md["engine_id"]) == "3");
  CHECK(to_string(md["duration"]) == "1500ms");
  CHECK(to_string(md["after"]) == "x,y");
  CHECK(to_string(md["error"]) == "EngineError: signal 9");
  CHECK(to_string(md["started"]).empty());
}

}  // namespace
}  // namespace roundhouse::test
