#include <atomic>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/modules/typed_tasks.hpp"
#include <roundhouse/task.hpp>

namespace rh = roundhouse;
using rh::Array;
using rh::Encoded;
using rh::Reply;

namespace {

template <class R, class... P, class... A>
Reply called(R (*function)(P...), A&&... arguments) {
  const Encoded packed = rh::encode_arguments(function, std::forward<A>(arguments)...);
  Reply reply;
  rh::find_task(function).invoke({packed.body, packed.frames}, reply);
  return reply;
}

template <class R, class... P, class... A>
rh::ResultType<R> result_of(R (*function)(P...), A&&... arguments) {
  const Reply reply = called(function, std::forward<A>(arguments)...);
  REQUIRE_MESSAGE(reply.ok, reply.error.value);
  return rh::decode_result<rh::ResultType<R>>(reply.result.body, reply.result.frames);
}

template <class R, class... P, class... Ranges>
Reply mapped(R (*function)(P...), const Ranges&... ranges) {
  Encoded packed;
  rh::encode_map_arguments<P...>(packed, ranges...);
  Reply reply;
  rh::find_task(function).invoke_map({packed.body, packed.frames}, reply);
  return reply;
}

template <class R>
std::vector<R> results(const Reply& reply) {
  REQUIRE_MESSAGE(reply.ok, reply.error.value);
  return rh::decode_result<std::vector<R>>(reply.result.body, reply.result.frames);
}

int never_registered(int value) {
  return value;
}

TEST_CASE("a registered function is called with what was packed") {
  CHECK(result_of(&typed_tasks::add, 2, 3) == 5);
  CHECK(result_of(&typed_tasks::survey, "path", 7U) == typed_tasks::Survey{"path", 7, {"a", "b"}});
  CHECK(result_of(&typed_tasks::repeat, "ab", 3) == "ababab");
  CHECK(result_of(&typed_tasks::repeat, std::string(20000, 'x'), 2) == std::string(40000, 'x'));
  CHECK(result_of(&typed_tasks::invert, false));
  CHECK(result_of(&typed_tasks::ramp, 5000).at(4999) == 4999);
  result_of(&typed_tasks::nothing);
}

TEST_CASE("arrays arrive as views, vectors as vectors") {
  const std::vector<double> values(5000, 2.0);
  CHECK(result_of(&typed_tasks::sum_array, values) == 10000);
  CHECK(result_of(&typed_tasks::sum_span, values) == 10000);
  CHECK(result_of(&typed_tasks::sum_span, rh::borrow(values)) == 10000);
  CHECK(result_of(&typed_tasks::sum_array, std::vector<double>{1, 2}) == 3);
  CHECK_FALSE(result_of(&typed_tasks::array_is_writeable, Array<double>(3000)));
  result_of(&typed_tasks::scale, values, 2.0);  // changes its own copy
}

TEST_CASE("what a task throws becomes an error with its type, text and causes") {
  const Reply failed = called(&typed_tasks::fail, "some reason");
  CHECK_FALSE(failed.ok);
  CHECK(failed.error.name == "std::runtime_error");
  CHECK(failed.error.value == "some reason");
  CHECK(failed.result.body.empty());

  const Reply nested = called(&typed_tasks::fail_with_cause);
  CHECK(nested.error.value == "the effect");
  CHECK(nested.error.name == "std::logic_error");
  CHECK(nested.error.traceback.find("caused by std::runtime_error: the cause") !=
        std::string::npos);

  const Reply number = called(&typed_tasks::fail_with_number, 42);
  CHECK(number.error.name == "int");
  CHECK(number.error.value == "42");

  const Reply long_text = called(&typed_tasks::fail, std::string(1 << 20, 'x'));
  CHECK(long_text.error.value.size() < 20'000);
}

TEST_CASE("an error says which task failed and where that was registered") {
  const Reply failed = called(&typed_tasks::fail, "x");
  CHECK(failed.error.traceback.starts_with("in fail takes (std::string) and returns int"));
  CHECK(failed.error.traceback.find("typed_tasks.cpp:") != std::string::npos);
}

TEST_CASE("malformed arguments are an error of the call") {
  Reply reply;
  const rh::TaskInfo& task = rh::find_task(&typed_tasks::add);
  Encoded packed = rh::encode_values(1, "two");
  task.invoke({packed.body, packed.frames}, reply);
  CHECK_FALSE(reply.ok);
  CHECK(reply.error.name == "SerializationError");
  CHECK(reply.error.value == "argument 2 of 2 (int): expected an integer, got text");
  task.invoke({"", {}}, reply);
  CHECK_FALSE(reply.ok);
  packed = rh::encode_values(1, 2);
  task.invoke({packed.body, packed.frames}, reply);
  CHECK(reply.ok);
  CHECK(reply.error == rh::TaskError{});
}

TEST_CASE("outside an engine, references and this_engine say so") {
  CHECK(called(&typed_tasks::engine_id).error.name == "NotOnEngine");
  CHECK(called(&typed_tasks::scale, rh::ref<std::vector<double>>("v"), 2.0).error.name ==
        "NotOnEngine");
  CHECK_THROWS_AS((void)rh::this_engine::id(), rh::NotOnEngine);
  CHECK_FALSE(rh::this_engine::stop_requested());
}

TEST_CASE("a task sees that it should stop") {
  const Encoded packed =
      rh::encode_arguments(&typed_tasks::count_until_stopped, std::numeric_limits<int>::max());
  const std::atomic<bool> stop{true};
  Reply reply;
  rh::find_task(&typed_tasks::count_until_stopped)
      .invoke({packed.body, packed.frames, nullptr, &stop}, reply);
  CHECK(rh::decode_result<int>(reply.result.body, reply.result.frames) == 0);
}

TEST_CASE("a map calls the function for each element") {
  const std::vector<int> a{1, 2, 3};
  const std::vector<long> b{10, 20, 30};
  CHECK(results<int>(mapped(&typed_tasks::add, a, b)) == std::vector<int>{11, 22, 33});
  CHECK(
      results<typed_tasks::Survey>(
          mapped(&typed_tasks::survey, std::vector<std::string>{"x", "y"}, std::vector<int>{1, 2}))
          .at(1)
          .path == "y");
  CHECK(results<bool>(mapped(&typed_tasks::invert, std::vector<bool>{true, false})) ==
        std::vector<bool>{false, true});
  CHECK(results<std::string>(mapped(&typed_tasks::repeat, std::vector<std::string>{"a", "b"},
                                    std::vector<unsigned>{1, 2})) ==
        std::vector<std::string>{"a", "bb"});
  const std::vector<std::vector<double>> rows{{1, 2}, std::vector<double>(5000, 1.0), {}};
  CHECK(results<double>(mapped(&typed_tasks::sum_array, rows)) == std::vector<double>{3, 5000, 0});
  CHECK(results<double>(mapped(&typed_tasks::sum_span, rows)) == std::vector<double>{3, 5000, 0});
  CHECK(results<std::vector<double>>(mapped(&typed_tasks::ramp, std::vector<int>{1, 3000}))
            .at(1)
            .back() == 2999);
  const std::vector<int> many(100'000, 4);
  CHECK(results<int>(mapped(&typed_tasks::add, many, many)) == std::vector<int>(100'000, 8));
}

TEST_CASE("a map says which call failed, and refuses lists of different lengths") {
  const Reply failed = mapped(&typed_tasks::fail, std::vector<std::string>{"first", "second"});
  CHECK(failed.error.value == "first");
  CHECK(failed.error.traceback.find("call 0") != std::string::npos);
  const Reply uneven = mapped(&typed_tasks::add, std::vector<int>{1}, std::vector<int>{1, 2});
  CHECK(uneven.error.value == "the lists of a map have different lengths: 1 and 2");
  CHECK(mapped(&typed_tasks::nothing).error.name == "SerializationError");
  // What errors call it is the parameter's own type.
  Encoded texts;
  rh::encode_map_arguments<std::string>(texts, std::vector<std::string>{"a"});
  Reply reply;
  rh::find_task(&typed_tasks::fail_with_number).invoke_map({texts.body, texts.frames}, reply);
  CHECK_MESSAGE(reply.error.value.find("argument 1 of 1 (int)") != std::string::npos,
                reply.error.value);
}

TEST_CASE("a reduction joins a list from its first element on") {
  const auto reduced = [](const auto& list) {
    Encoded packed;
    rh::encode_map_arguments<int>(packed, list);
    Reply reply;
    rh::find_task(&typed_tasks::add)
        .invoke_as(rh::CallKind::reduce)({packed.body, packed.frames}, reply);
    return reply;
  };
  const Reply sum = reduced(std::vector<int>{1, 2, 3, 4});
  REQUIRE_MESSAGE(sum.ok, sum.error.value);
  CHECK(rh::decode_result<int>(sum.result.body, sum.result.frames) == 10);
  CHECK(reduced(std::vector<int>{}).error.value.find("empty") != std::string::npos);
  CHECK(bool(rh::find_task(&typed_tasks::survey).invoke_as(rh::CallKind::reduce) == nullptr));
  CHECK(bool(rh::find_task(&typed_tasks::invert).invoke_as(rh::CallKind::reduce) == nullptr));
}

TEST_CASE("the namespace is no argument of a call") {
  CHECK(called(&typed_tasks::mean_of, "v").error.name == "NotOnEngine");
  CHECK(rh::find_task(&typed_tasks::mean_of).signature == rh::signature_of<double(std::string)>());
}

TEST_CASE("functions are found by address and by name") {
  CHECK(rh::find_task(&typed_tasks::add).name == "add");
  CHECK(rh::find_task(&typed_tasks::sum_span).name == "typed_tasks::sum_span");
  CHECK(rh::find_task(&typed_tasks::array_is_writeable).name == "typed_tasks::array_is_writeable");
  CHECK(rh::find_task("add") == &rh::find_task(&typed_tasks::add));
  CHECK(rh::find_task("subtract") == nullptr);
  CHECK(rh::describe(rh::find_task(&typed_tasks::survey)) ==
        "survey takes (std::string, unsigned long) and returns typed_tasks::Survey");
  CHECK(rh::find_task(&typed_tasks::add).signature == rh::signature_of<int(int, int)>());
  CHECK_THROWS_AS((void)rh::find_task(&never_registered), rh::TaskNotRegistered);
  try {
    (void)rh::find_task(&never_registered);
  } catch (const rh::TaskNotRegistered& error) {
    CHECK(std::string(error.what()).find("takes (int) and returns int") != std::string::npos);
  }
}

}  // namespace
