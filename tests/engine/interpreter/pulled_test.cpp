// Variables of code that are asked for by their names, or called by them, and are no plain values.
#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/interpreter.hpp"
#include "tests/engine/interpreter/with_interpreter.hpp"
#include <roundhouse/arguments.hpp>
#include <roundhouse/type_name.hpp>

namespace roundhouse::engine {

namespace {

template <class T>
T pull(Interpreter& it, const std::string& name) {
  PackedValue out;
  std::string error;
  const Lookup found = it.pull(name, out, error);
  INFO(error);
  REQUIRE(found == Lookup::found);
  CHECK(out.type == type_name<T>());
  return decode_result<T>(out.value.body, out.value.frames, name.c_str());
}

std::string refused_pull(Interpreter& it, const std::string& name) {
  PackedValue out;
  std::string error;
  CHECK(it.pull(name, out, error) == Lookup::wrong_type);
  return error;
}

Reply call(Interpreter& it, const std::string& function, const Encoded& arguments) {
  Reply reply;
  it.call(CallKind::call, function, {arguments.body, arguments.frames, &interpreters_host()},
          reply);
  return reply;
}

template <class R, class... A>
R called(Interpreter& it, const std::string& function, const A&... arguments) {
  const Reply reply = call(it, function, encode_values(arguments...));
  INFO(reply.error.value << reply.error.traceback);
  REQUIRE(reply.ok);
  return decode_result<R>(reply.result.body, reply.result.frames, "result");
}

}  // namespace

TEST_CASE("arrays are pulled as vectors, and text that is somebody else's as std::string") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(
      it,
      "int numbers[3] = {1, 2, 3}; const double table[2][2] = {{1, 2}, {3, 4}};\n"
      "const char* text = \"some\"; std::string_view view = \"part\"; char buffer[8] = \"abc\";\n"
      "const char* words[] = {\"a\", \"b\"}; bool flags[] = {true, false};\n"
      "int (&also)[3] = numbers; std::pair<int, double> pairs[1] = {{1, 2.5}};");
  CHECK(pull<std::vector<int>>(it, "numbers") == std::vector{1, 2, 3});
  CHECK(pull<std::vector<std::vector<double>>>(it, "table") ==
        std::vector<std::vector<double>>{{1, 2}, {3, 4}});
  CHECK(pull<std::string>(it, "text") == "some");
  CHECK(pull<std::string>(it, "view") == "part");
  CHECK(pull<std::string>(it, "buffer") == "abc");
  CHECK(pull<std::vector<std::string>>(it, "words") == std::vector<std::string>{"a", "b"});
  CHECK(pull<std::vector<bool>>(it, "flags") == std::vector<bool>{true, false});
  using Pairs = std::vector<std::pair<int, double>>;
  CHECK(pull<Pairs>(it, "pairs") == Pairs{{1, 2.5}});
  value_of(it, "numbers[1] = 20; text = \"other\";");
  CHECK(pull<std::vector<int>>(it, "also") == std::vector{1, 20, 3});
  CHECK(pull<std::string>(it, "text") == "other");
  value_of(it, "text = nullptr; int* p = numbers;");
  CHECK(refused_pull(it, "text") == "'text' is a char const* and cannot be packed: it is null");
  CHECK(refused_pull(it, "p") == "'p' is a int* and cannot be packed: a pointer cannot travel");
  value_of(it,
           "struct Plain { int x; } plain; enum class E { a } e; auto f = [] {}; long double ld;");
  CHECK(refused_pull(it, "plain")
            .starts_with("'plain' is a Plain and cannot be packed: this struct cannot travel: say "
                         "MSGPACK_DEFINE"));
  for (const char* name : {"e", "f", "ld"})
    CHECK(refused_pull(it, name).ends_with(
        "cannot be packed: nothing says how: a struct says MSGPACK_DEFINE, an enumeration "
        "MSGPACK_ADD_ENUM"));
}

TEST_CASE("what can be called is called by its name: closures, functions in variables, objects") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(
      it,
      "int base = 10; auto more = [](int x) { return base + x; };\n"
      "auto next = [n = 0]() mutable { return ++n; };\n"
      "std::function<double(double, double)> power = [](double a, double b) { return a * b; };\n"
      "struct Greets { std::string operator()(const std::string& who) const {\n"
      "  return \"hello \" + who; } } greet;\n"
      "auto any = [](auto x) { return x; };\n"
      "auto size = [](const std::set<int>& all) { return all.size(); };\n"
      "namespace ns { auto inner = [](int x) { return -x; }; }");
  CHECK(it.has_function("more"));
  CHECK(it.has_function("base") == false);
  CHECK(called<int>(it, "more", 5) == 15);
  CHECK(called<int>(it, "next") == 1);
  CHECK(called<int>(it, "next") == 2);
  CHECK(value_of(it, "next()") == "3");
  CHECK(called<double>(it, "power", 2.0, 4.0) == 8);
  CHECK(called<std::string>(it, "greet", std::string("you")) == "hello you");
  CHECK(called<std::size_t>(it, "size", std::set<int>{1, 2}) == 2);  // no usual type
  CHECK(called<int>(it, "ns::inner", 4) == -4);
  const Reply several = call(it, "any", encode_values(1));
  CHECK(several.error.name == "NameError");
  CHECK(several.error.value.find("function template") != std::string::npos);
  value_of(it, "auto more = [](int x) { return 100 * x; };");
  CHECK(called<int>(it, "more", 5) == 500);
  value_of(it, "power = [](double, double) { return 1.5; };");
  CHECK(called<double>(it, "power", 2.0, 4.0) == 1.5);
}

}  // namespace roundhouse::engine
