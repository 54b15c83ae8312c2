// Code as people have it in files: with a main, macros, C and what is deprecated.
#include <string>

#include <doctest/doctest.h>

#include "tests/engine/interpreter/with_interpreter.hpp"

namespace roundhouse::engine {
namespace {

TEST_CASE("the main that a program defines is called, also when it is sent once more") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  const auto value_of_program = [&](const std::string& code, const std::string& file) {
    const Executed out = it.execute({code, file, {}, true});
    CHECK_MESSAGE(out.ok, out.error.name << ": " << out.error.value << "\n" << out.error.traceback);
    CHECK_MESSAGE(out.warnings.empty(), out.warnings);
    return out.value;
  };
  CHECK(value_of_program("int n = 3; int main() { n += 1; return n; }", "one.cpp") == "4");
  CHECK(value_of_program("int main() { return 10 * n; }", "one.cpp") == "40");
  CHECK(value_of_program(
            "std::string name = \"a \\\"b\\\\\\n.cpp\"; int main(int argc, char** argv) { "
            "n = argc; return argv[argc] == nullptr && argv[0] == name ? 7 : 8; }",
            "a \"b\\\n.cpp") == "7");
  CHECK(value_of(it, "n") == "1");
  CHECK(value_of_program("n + 1", "none.cpp") == "2");  // the main of before is not this program's
  CHECK(value_of(it, "int main() { return 9; } n") == "1");
  CHECK(value_of_program("extern \"C\" { int main() { return 5; } }", "c.cpp") == "5");
  CHECK(value_of_program("int main();", "declared.cpp").empty());
  CHECK(value_of_program("int main(int, char**, char** all) { return all == environ ? 6 : 7; }",
                         "three.cpp") == "6");
  CHECK(value_of_program("#include <roundhouse/this_engine.hpp>\n"
                         "int main() { return roundhouse::this_engine::stop_requested() ? 1 : 2; }",
                         "first_use.cpp") == "2");
  const Executed out =
      it.execute({"#include <stdexcept>\nint main() { throw std::runtime_error(\"no\"); }",
                  "t.cpp",
                  {},
                  true});
  CHECK_FALSE(out.ok);
  CHECK(out.error.value == "no");
}

TEST_CASE("macros of inputs mean nothing to what the engine itself compiles") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(it, "#define N 100\n#define T 5\n#define I(x) 3\n#define value 7\n#define out 8\n");
  value_of(it, "std::array<int, 3> numbers{1, 2, N};");
  PackedValue packed;
  std::string error;
  CHECK_MESSAGE(it.pull("numbers", packed, error) == Lookup::found, error);
  CHECK(value_of(it, "rh::this_engine::stop_requested() + N + T + I(9)") == "108");
  value_of(it, "struct P { int x; MSGPACK_DEFINE(x) }; P p{T};");
  CHECK_MESSAGE(it.pull("p", packed, error) == Lookup::found, error);
  CHECK(value_of(it, "#undef N\n#define N 2\nN * numbers[2]") == "200");
}

TEST_CASE("variables that C code could see are found by their names") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(it, "extern \"C\" { int one = 5; } extern \"C\" int other = 6;");
  PackedValue packed;
  std::string error;
  CHECK_MESSAGE(it.pull("one", packed, error) == Lookup::found, error);
  CHECK(it.has("other"));
  CHECK(value_of(it, "one + other") == "11");
}

TEST_CASE("what is deprecated can be used, with a warning") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(it, "[[deprecated]] int old() { return 3; } [[deprecated]] int variable = 4;");
  CHECK(value_of(it, "old()") == "3");
  CHECK(value_of(it, "(variable)") == "4");
  CHECK(value_of(it, "for (int i = 0; i < 1; ++i) old(); 1 + variable") == "5");
  CHECK(value_of(it, "variable = 6; variable += old(); variable") == "9");
  CHECK(value_of(it, "enum Color { red, blue [[deprecated]] }; blue") == "1");
  const Executed warned = it.execute({"variable;", "input", {}, false});
  CHECK(warned.warnings.find("'variable' is deprecated") != std::string::npos);
  value_of(
      it,
      "namespace ns { [[deprecated]] int old = 3; struct S { [[deprecated]] static int own; }; "
      "int S::own = 7; } namespace alias = ns; using Type = ns::S;");
  CHECK(value_of(it, "ns::old = 4; ::ns::old += 1; alias::old") == "5");
  CHECK(value_of(it, "::variable = 6; Type::own += 2; ns::S::own") == "9");
  CHECK(value_of(it, "namespace ns { [[deprecated]] int aged = 8; } using ns::aged; aged") == "8");
  CHECK(value_of(it,
                 "template <class T> [[deprecated]] constexpr int sized = sizeof(T); "
                 "sized<char>") == "1");
  CHECK(value_of(it, "#include <type_traits>\nstd::is_pod_v<int>") == "true");
  CHECK(error_of(it, "variable +;").name == "CompileError");
  CHECK(value_of(it, "variable + 1") == "7");
}

}  // namespace
}  // namespace roundhouse::engine
