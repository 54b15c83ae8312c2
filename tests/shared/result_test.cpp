#include <memory>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include <roundhouse/result.hpp>

namespace roundhouse {

namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return {Errc::invalid, std::to_string(number) + " is odd"};
  return number / 2;
}

Result<std::unique_ptr<int>> boxed(int number) {
  auto half_of_it = half(number);
  if (!half_of_it) return half_of_it.error();
  return std::make_unique<int>(*half_of_it);
}

Result<void> only_even(int number) {
  if (auto checked = half(number); !checked) return checked.error();
  return {};
}

}  // namespace

TEST_CASE("a result holds a value or an error, and passes both on") {
  CHECK(half(4).ok());
  CHECK(*half(4) == 2);
  CHECK(half(4).value_or(9) == 2);
  CHECK(half(3).value_or(9) == 9);
  CHECK(!half(3));
  CHECK(half(3).error() == Error{Errc::invalid, "3 is odd"});
  CHECK(*boxed(8).value() == 4);
  CHECK(boxed(3).error().text == "3 is odd");
  auto taken = boxed(8).value();
  CHECK(*taken == 4);
}

TEST_CASE("a result without a value is a success or an error") {
  CHECK(only_even(2).ok());
  CHECK(only_even(1).error().code == Errc::invalid);
}

TEST_CASE("at the edge of the API an error becomes the exception that stands for it") {
  CHECK(half(4).or_throw() == 2);
  CHECK_THROWS_AS(half(3).or_throw(), Exception);
  CHECK_THROWS_AS(raise({Errc::timeout, ""}), TimeoutError);
  CHECK_THROWS_AS(raise({Errc::no_engines, ""}), NoEnginesRegistered);
  CHECK_THROWS_AS(raise({Errc::version, ""}), ConnectionError);
  CHECK_THROWS_AS(raise({Errc::not_connected, ""}), ConnectionError);
  CHECK_THROWS_AS(raise({Errc::config, ""}), ConfigError);
  CHECK_THROWS_AS(raise({Errc::forked, ""}), ForkedError);
  CHECK_THROWS_AS(raise({Errc::serialization, ""}), SerializationError);
  try {
    raise({Errc::unknown_engine, "no engine 7"});
  } catch (const Exception& e) {
    CHECK(e.code() == Errc::unknown_engine);
    CHECK(std::string(e.what()) == "no engine 7");
  }
}

TEST_CASE("every code has a wire name of its own that reads back") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kErrcNames.size(); ++i) {
    const auto code = static_cast<Errc>(i);
    CHECK(errc_from_string(to_string(code)) == code);
    names.insert(to_string(code));
  }
  CHECK(names.size() == kErrcNames.size());
  CHECK(to_string(Errc::refused) == "refused");
  CHECK(to_string(Errc::wrong_signature) == "wrong_signature");
  CHECK(to_string(Errc::internal) == "internal");
  CHECK(!errc_from_string("no such code"));
  CHECK(to_string(static_cast<Errc>(255)) == "internal");
}

TEST_CASE("a remote error says what, where and which task") {
  const RemoteError error({"std::out_of_range", "index 7", "at f", 3U, "00ff"});
  CHECK(std::string(error.what()) == "std::out_of_range: index 7 (engine 3)");
  CHECK(error.name() == "std::out_of_range");
  CHECK(error.value() == "index 7");
  CHECK(error.traceback() == "at f");
  CHECK(error.engine_id() == 3U);
  CHECK(error.msg_id() == "00ff");
  CHECK(error.code() == Errc::task_failed);
  CHECK(EngineError({"Killed", "", "", {}, ""}).code() == Errc::engine_lost);
  CHECK(TaskAborted({"TaskAborted", "", "", {}, ""}).code() == Errc::aborted);
}

TEST_CASE("an error of a task that was tried more than once says how often, and where") {
  RemoteErrorInfo info{"E", "bad", "", 3U, "00ff"};
  info.attempts = {{1U, 1, "engine_lost", "EngineError", "signal 9", 0},
                   {3U, 1, "error", "E", "bad", 1700}};
  const RemoteError error(info);
  CHECK(std::string(error.what()) == "E: bad (engine 3) after 2 attempts");
  REQUIRE(error.attempts().size() == 2);
  CHECK(error.attempts()[0].engine_id == 1U);
  info.attempts.resize(16);
  CHECK(std::string(RemoteError(info).what()) == "E: bad (engine 3) after 16 or more attempts");
}

TEST_CASE("a composite error counts the errors, shows the first few and keeps all") {
  const CompositeError few({{"A", "1", "", 0U, "x"}, {"B", "2", "", 1U, "y"}}, 5);
  CHECK(std::string(few.what()) == "2 of 5 tasks failed\n  A: 1 (engine 0)\n  B: 2 (engine 1)");
  CHECK(few.name() == "A");
  const CompositeError many(std::vector<RemoteErrorInfo>(9, {"E", "", "", {}, ""}), 9);
  CHECK(std::string(many.what()) == "9 of 9 tasks failed\n  E\n  E\n  E\n  E\n  and 5 more");
  CHECK(many.errors().size() == 9);
}

}  // namespace roundhouse
