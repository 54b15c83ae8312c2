#include "engine/lambda_host.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/task_host.hpp"
#include "shared/lambda_source.hpp"
#include "tests/engine/interpreter/with_interpreter.hpp"
#include <roundhouse/arguments.hpp>
#include <roundhouse/execute_result.hpp>
#include <roundhouse/type_name.hpp>

namespace roundhouse::engine {
namespace {

std::vector<const TaskInfo*> no_functions() {
  return {};
}

// As RH_LAMBDA would send it.
template <class R, class... P>
std::string packed(const std::string& text, std::vector<wire::SourceText> context = {}) {
  return wire::encode(wire::LambdaSource{{text, "/home/a/survey.cpp", 42, "Z4mainEUliE_"},
                                         typeid(R(P...)).name(),
                                         {typeid(std::remove_cvref_t<P>).name()...},
                                         typeid(std::remove_cvref_t<R>).name(),
                                         std::move(context)});
}

Reply invoke(TaskHost& host, const std::string& source, CallKind kind, const Encoded& arguments) {
  Reply reply;
  host.lambdas().invoke(source, kind, &no_functions, {arguments.body, arguments.frames, &host},
                        reply);
  return reply;
}

template <class R, class... A>
R value_of(TaskHost& host, const std::string& source, const A&... arguments) {
  const Reply reply = invoke(host, source, CallKind::call, encode_values(arguments...));
  REQUIRE_MESSAGE(reply.ok, reply.error.value, "\n", reply.error.traceback);
  return decode_result<R>(reply.result.body, reply.result.frames);
}

TEST_CASE("a lambda is called, mapped and reduced, with usual types") {
  RH_NEEDS_INTERPRETER();
  TaskHost host(1, nullptr, RH_TEST_INTERPRETER);
  const std::string twice = packed<int, int>("[](int x) { return 2 * x; }");
  CHECK(value_of<int>(host, twice, 21) == 42);
  Encoded list;
  encode_map_arguments<int>(list, std::vector{1, 2, 3});
  Reply reply = invoke(host, twice, CallKind::map, list);
  REQUIRE_MESSAGE(reply.ok, reply.error.value);
  CHECK(decode_result<std::vector<int>>(reply.result.body, reply.result.frames) ==
        std::vector{2, 4, 6});
  const std::string join = packed<std::string, std::string, const std::string&>(
      "[](std::string a, const std::string& b) { return a + b; }");
  reply =
      invoke(host, join, CallKind::reduce, encode_values(std::vector<std::string>{"a", "b", "c"}));
  REQUIRE_MESSAGE(reply.ok, reply.error.value);
  CHECK(decode_result<std::string>(reply.result.body, reply.result.frames) == "abc");
  CHECK(invoke(host, twice, CallKind::reduce, encode_values(std::vector{1, 2})).error.name ==
        "SerializationError");
  const std::string even =
      packed<bool, bool, int>("[](bool b, int x) { return b == (x % 2 == 0); }");
  Encoded lists;
  encode_map_arguments<bool, int>(lists, std::vector{true, false}, std::vector{2, 2});
  reply = invoke(host, even, CallKind::map, lists);
  REQUIRE_MESSAGE(reply.ok, reply.error.value);
  CHECK(decode_result<std::vector<bool>>(reply.result.body, reply.result.frames) ==
        std::vector<bool>{true, false});
}

TEST_CASE("a lambda sees what stands before it, in its namespace, and nothing of other programs") {
  RH_NEEDS_INTERPRETER();
  TaskHost host(1, nullptr, RH_TEST_INTERPRETER);
  const wire::SourceText half{"double half(double x) { return x / 2; } int calls = 0;", "a.cpp", 3,
                              "PN3app8rh_tag_1E"};
  const wire::SourceText other{"double half(double x) { return x / 4; }", "b.cpp", 3, ""};
  auto in_app = [&](const std::string& text, const wire::SourceText& context) {
    return wire::encode(wire::LambdaSource{{text, "a.cpp", 9, "ZN3app3runEvEUldE_"},
                                           typeid(double(double)).name(),
                                           {"d"},
                                           "d",
                                           {context}});
  };
  const std::string halves =
      in_app("[](double x) { ++calls; return half(x) + app::half(x); }", half);
  CHECK(value_of<double>(host, halves, 4.0) == 4.0);
  CHECK(value_of<double>(host, in_app("[](double) { return double(calls); }", half), 0.0) == 1.0);
  CHECK(value_of<double>(host, in_app("[](double x) { return half(x); }", other), 4.0) == 1.0);
  CHECK(value_of<double>(host, halves, 8.0) == 8.0);
  const Reply alone = invoke(host, packed<double, double>("[](double x) { return half(x); }"),
                             CallKind::call, encode_values(1.0));
  CHECK(alone.error.name == kCompileError);
  CHECK(alone.error.value.find("/home/a/survey.cpp:42:23: use of undeclared identifier 'half'") ==
        0);
  CHECK(alone.error.value.find("RH_SOURCE") != std::string::npos);
  host.clear();
  CHECK(value_of<double>(host, in_app("[](double) { return double(calls); }", half), 0.0) == 0.0);
}

TEST_CASE("what a lambda throws says which lambda, and which call of a map") {
  RH_NEEDS_INTERPRETER();
  TaskHost host(1, nullptr, RH_TEST_INTERPRETER);
  const std::string picky = packed<int, int>(
      "[](int x) { if (x > 1) throw std::runtime_error(\"too much\"); return x; }");
  Encoded list;
  encode_map_arguments<int>(list, std::vector{0, 1, 2});
  const TaskError error = invoke(host, picky, CallKind::map, list).error;
  CHECK(error.name == "std::runtime_error");
  CHECK(error.value == "too much");
  CHECK(error.traceback ==
        "in the lambda at /home/a/survey.cpp:42, which takes (int) and returns int\n"
        "in call 2 of this part of a map\n");
  CHECK(invoke(host, picky, CallKind::call, encode_values(std::string("x"))).error.name ==
        "SerializationError");
  CHECK(value_of<int>(host, picky, 1) == 1);
}

TEST_CASE("a lambda gets names of its engine, is asked to stop, and lets go when it is over") {
  RH_NEEDS_INTERPRETER();
  TaskHost host(1, nullptr, RH_TEST_INTERPRETER);
  host.push("limit", pack_value(5));
  CHECK(value_of<bool>(
      host, packed<bool, int>("[](int n) { return n < rh::this_engine::get<int>(\"limit\"); }"),
      3));
  const std::string asks = packed<bool>("[] { return roundhouse::this_engine::stop_requested(); }");
  CHECK_FALSE(value_of<bool>(host, asks));
  const std::atomic<bool> stop{true};
  const Encoded none = encode_values();
  Reply reply;
  host.lambdas().invoke(asks, CallKind::call, &no_functions, {none.body, {}, &host, &stop}, reply);
  REQUIRE(reply.ok);
  CHECK(decode_result<bool>(reply.result.body, {}));
}

TEST_CASE("types of the program travel, and must be those that the engine has") {
  RH_NEEDS_INTERPRETER();
  TaskHost host(1, nullptr, RH_TEST_INTERPRETER);
  const Reply other = invoke(host, packed<int, int>("[](int x) { return x * 1L; }"), CallKind::call,
                             encode_values(1));
  CHECK(other.error.name == kCompileError);
  CHECK(other.error.value.find("returns long") != std::string::npos);
  const std::string size =
      packed<std::size_t, std::string_view>("[](std::string_view text) { return text.size(); }");
  CHECK(value_of<std::size_t>(host, size, std::string("four")) == 4);
}

TEST_CASE("engines without an interpreter, and those told to run no source, say so") {
  const std::string source = packed<int, int>("[](int x) { return x; }");
  TaskHost without(1, nullptr, "/nonexistent/libroundhouse-interpreter.so");
  TaskError error = invoke(without, source, CallKind::call, encode_values(1)).error;
  CHECK(error.name == kNoInterpreter);
  CHECK(error.value.find("install the package roundhouse-interpreter") != std::string::npos);
  TaskHost refuses(1, nullptr, RH_TEST_INTERPRETER);
  refuses.lambdas().refuse();
  error = invoke(refuses, source, CallKind::map, encode_values(1)).error;
  CHECK(error.name == kNoInterpreter);
  CHECK(error.value.find("--no-source") != std::string::npos);
  CHECK(invoke(without, "\x91\xc1", CallKind::call, {}).error.name == "SerializationError");
}

}  // namespace
}  // namespace roundhouse::engine
