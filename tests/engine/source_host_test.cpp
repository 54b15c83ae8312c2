#include "engine/source_host.hpp"

#include <atomic>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "engine/task_host.hpp"
#include "engine/task_output.hpp"
#include "shared/clock.hpp"
#include "tests/engine/interpreter/with_interpreter.hpp"
#include <roundhouse/arguments.hpp>
#include <roundhouse/execute_result.hpp>
#include <roundhouse/this_engine.hpp>

namespace roundhouse::engine {
namespace {

Reply execute(TaskHost& host, const std::string& code, const std::string& file = {}) {
  const Encoded arguments = encode_values(code, file, false);
  Reply reply;
  host.source().execute({arguments.body, arguments.frames, &host}, reply);
  return reply;
}

ExecuteResult result_of(TaskHost& host, const std::string& code) {
  const Reply reply = execute(host, code);
  CAPTURE(code);
  REQUIRE_MESSAGE(reply.ok, reply.error.value);
  return decode_result<ExecuteResult>(reply.result.body, reply.result.frames);
}

TEST_CASE("an engine without an interpreter says what to install, and all else works") {
  TaskHost host(1, nullptr, "/nonexistent/libroundhouse-interpreter.so");
  for (int i = 0; i < 2; ++i) {
    const Reply reply = execute(host, "1");
    CHECK_FALSE(reply.ok);
    CHECK(reply.error.name == kNoInterpreter);
    CHECK(reply.error.value.find("install the package roundhouse-interpreter") !=
          std::string::npos);
    CHECK(reply.error.value.find("/nonexistent/") != std::string::npos);
  }
  host.push("a", pack_value(1));
  CHECK(host.has("a"));
  Reply reply;
  CHECK_FALSE(host.source().call(CallKind::call, "f", {}, reply));
  host.clear();
  CHECK(host.names().empty());
}

TEST_CASE("an engine that is told to run no source refuses it") {
  TaskHost host(1, nullptr, RH_TEST_INTERPRETER);
  host.source().refuse();
  const Reply reply = execute(host, "1");
  CHECK(reply.error.name == kNoInterpreter);
  CHECK(reply.error.value.find("--no-source") != std::string::npos);
}

TEST_CASE("what is no code and file is refused") {
  TaskHost host(1, nullptr, "/nonexistent");
  for (const std::string_view body : {"", "\xc1", "\x91", "\x92\x01\x02"}) {
    Reply reply;
    host.source().execute({body, {}, &host}, reply);
    CHECK_FALSE(reply.ok);
    CHECK(reply.error.name == "SerializationError");
  }
}

TEST_CASE("names of the engine and of its code are one, whoever asks") {
  RH_NEEDS_INTERPRETER();
  TaskHost host(1, nullptr, RH_TEST_INTERPRETER);
  host.push("a", pack_value(4));
  CHECK(result_of(host, "int b = a + 1; b") == ExecuteResult{"5", "int", "", "", ""});
  CHECK(host.names() == std::vector<std::string>{"a", "b"});
  CHECK(host.has("b"));
  const Invocation call{{}, {}, &host};
  const detail::CallScope scope(call);
  this_engine::get<int>("b") = 7;
  CHECK(result_of(host, "b").value == "7");
  this_engine::set("b", 8);  // the variable of the code
  CHECK(result_of(host, "b").value == "8");
  this_engine::set("b", std::string("text"));  // another type: a name of the engine
  CHECK(result_of(host, "b").value == "\"text\"");
  CHECK_THROWS_AS((void)this_engine::get<double>("b"), TypeError);
  CHECK_THROWS_WITH_AS((void)this_engine::get<double>("c"),
                       "nothing is named 'c' on this engine; it has a, b", NameError);
  PackedValue packed;
  std::string error;
  CHECK(host.pull("c", packed, error) == Lookup::no_such_name);
  CHECK(error == "nothing is named 'c' on this engine; it has a, b");
  result_of(host, "double c = 2;");
  CHECK_THROWS_AS((void)this_engine::get<int>("c"), TypeError);
  host.clear();
  CHECK(host.names().empty());
  CHECK_FALSE(execute(host, "c").ok);
}

TEST_CASE("what code prints comes back with its value, or with the error that it ends with") {
  RH_NEEDS_INTERPRETER();
  TaskHost host(1, nullptr, RH_TEST_INTERPRETER);
  TaskOutput output;
  host.set_output(&output);
  output.begin(0, {SessionId{7}, 3}, {2, 1}, steady_now());
  CHECK(result_of(host, "std::cout << \"said\"; std::puts(\" more\"); std::clog << \"oh\"; 5") ==
        ExecuteResult{"5", "int", "said more\n", "oh", ""});
  CHECK(result_of(host, "6") == ExecuteResult{"6", "int", "", "", ""});
  const Reply failed = execute(host, "std::cout << \"last words\"; throw 1;");
  CHECK(failed.error.traceback.find("it had printed:\nlast words") != std::string::npos);
  (void)output.end(0, std::chrono::seconds{1});
  host.set_output(nullptr);
}

TEST_CASE("what code asks of its own engine does not wait for the code") {
  RH_NEEDS_INTERPRETER();
  TaskHost host(1, nullptr, RH_TEST_INTERPRETER);
  host.set_engine_id(EngineId{3});
  result_of(host, "#include <roundhouse/this_engine.hpp>\nint n = 1;");
  CHECK(result_of(host,
                  "namespace te = roundhouse::this_engine;\n"
                  "te::get<int>(\"n\") += 1; te::set(\"n\", te::get<int>(\"n\") + 1);\n"
                  "te::set(\"m\", 9); te::id() * 100 + n * 10 + te::get<int>(\"m\")")
            .value == "339");
}

TEST_CASE("code is asked to stop, and lets go of what it got when an input or a call is over") {
  RH_NEEDS_INTERPRETER();
  TaskHost host(1, nullptr, RH_TEST_INTERPRETER);
  host.push("samples", pack_value(std::vector<double>{1, 2}));
  const auto users = [&] {
    Pin pin;
    std::string error;
    REQUIRE(host.get("samples", detail::object_type<std::vector<double>>(), false, pin, error) ==
            Lookup::found);
    return pin.owner.use_count();
  };
  const long before = users();
  result_of(host,
            "#include <roundhouse/this_engine.hpp>\nnamespace te = roundhouse::this_engine;\n"
            // Code that spells a name keeps it as a variable.
            "const std::string kName = std::string(\"sam\") + \"ples\";\n"
            "double first() { return te::get<std::vector<double>>(kName)[0]; }");
  CHECK(result_of(host, "te::get<std::vector<double>>(kName).size() + first()").value == "3");
  CHECK(users() == before);
  const Encoded none = encode_values();
  Reply reply;
  REQUIRE(host.source().call(CallKind::call, "first", {none.body, {}, &host}, reply));
  CHECK(users() == before);

  const std::atomic<bool> stop{true};
  const Encoded asks = encode_values("te::stop_requested()", "", false);
  host.source().execute({asks.body, {}, &host, &stop}, reply);
  REQUIRE(reply.ok);
  CHECK(decode_result<ExecuteResult>(reply.result.body, {}).value == "true");
  CHECK(result_of(host, "te::stop_requested()").value == "false");
}

TEST_CASE("code that asks for nothing but whether to stop hears it, typed and called by name") {
  RH_NEEDS_INTERPRETER();
  TaskHost host(1, nullptr, RH_TEST_INTERPRETER);
  const std::atomic<bool> stop{true};
  Reply reply;
  const Encoded asks = encode_values("rh::this_engine::stop_requested()", "", false);
  host.source().execute({asks.body, {}, &host, &stop}, reply);
  REQUIRE_MESSAGE(reply.ok, reply.error.value);
  CHECK(decode_result<ExecuteResult>(reply.result.body, {}).value == "true");

  TaskHost other(1, nullptr, RH_TEST_INTERPRETER);
  result_of(other,
            "#include <roundhouse/this_engine.hpp>\n"
            "bool asked() { return roundhouse::this_engine::stop_requested(); }");
  const Encoded none = encode_values();
  REQUIRE(other.source().call(CallKind::call, "asked", {none.body, {}, &other, &stop}, reply));
  REQUIRE_MESSAGE(reply.ok, reply.error.value);
  CHECK(decode_result<bool>(reply.result.body, {}));
}

TEST_CASE("functions that code has declared are mapped and reduced") {
  RH_NEEDS_INTERPRETER();
  TaskHost host(1, nullptr, RH_TEST_INTERPRETER);
  result_of(host, "int twice(int x) { return 2 * x; } int add(int a, int b) { return a + b; }");
  Encoded list;
  encode_map_arguments<int>(list, std::vector{1, 2});
  Reply reply;
  REQUIRE(host.source().call(CallKind::map, "twice", {list.body, list.frames, &host}, reply));
  REQUIRE_MESSAGE(reply.ok, reply.error.value);
  CHECK(decode_result<std::vector<int>>(reply.result.body, reply.result.frames) ==
        std::vector{2, 4});
  list = encode_values(std::vector{1, 2, 4});
  REQUIRE(host.source().call(CallKind::reduce, "add", {list.body, list.frames, &host}, reply));
  REQUIRE_MESSAGE(reply.ok, reply.error.value);
  CHECK(decode_result<int>(reply.result.body, reply.result.frames) == 7);
}

TEST_CASE("all that is named on an engine is told, and what it is") {
  RH_NEEDS_INTERPRETER();
  TaskHost host(1, nullptr, RH_TEST_INTERPRETER);
  CHECK(host.declared().empty());
  host.push("words", pack_value(std::vector<std::string>{"a"}));
  host.push("n", pack_value(1));
  result_of(host, "double n = 2; int twice(int x) { return 2 * x; }");
  using Names = std::vector<KnownName>;
  CHECK(host.declared() ==
        Names{{"n", "double"}, {"twice", "int (int)"}, {"words", "std::vector<std::string>"}});
  host.push("twice", pack_value(1));
  CHECK(host.declared()[1] == KnownName{"twice", "int"});
  host.clear();
  CHECK(host.declared().empty());
}

}  // namespace
}  // namespace roundhouse::engine
