// What C++ keeps in one file is one thing in all inputs.
#include <string>

#include <doctest/doctest.h>

#include "engine/interpreter.hpp"
#include "tests/engine/interpreter/with_interpreter.hpp"

namespace roundhouse::engine {

TEST_CASE("what is static is the same in every input") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  CHECK(value_of(it, "static int n = 3; n += 1; n") == "4");
  CHECK(value_of(it, "n") == "4");
  value_of(it, "static int* place() { return &n; } int count() { static int n = 0; return ++n; }");
  CHECK(value_of(it, "*place() += 10; n") == "14");
  CHECK(value_of(it, "count()") == "1");
  CHECK(value_of(it, "count()") == "2");
  value_of(it, "namespace { std::string text = \"a\"; } static std::vector<int> v{1};");
  CHECK(value_of(it, "text += 'b'; v.push_back(2); text") == "\"ab\"");
  CHECK(value_of(it, "text + std::to_string(v.size())") == "\"ab2\"");
  value_of(it,
           "namespace a { namespace {\n"
           "struct Counter { static int made() { static int n = 0; return ++n; } int add(); };\n"
           "int Counter::add() { static int sum = 10; return ++sum; }\n"
           "template <class T> T& kept(T first) { static T value = first; return value; }\n"
           "enum class Color { red }; Color color = Color::red; Counter counter;\n"
           "const std::map<int, int> table{{1, 2}}; } static Counter* all = &counter; }");
  CHECK(value_of(it, "a::Counter::made() + a::counter.add() + a::kept(5)") == "17");
  CHECK(value_of(it, "a::kept(9) += 1; a::Counter::made() + a::all->add() + a::kept(0)") == "20");
  CHECK(value_of(it, "a::all == &a::counter && a::table.at(1) == 2") == "true");
  value_of(it, "auto next = [n = 0]() mutable { return ++n; }; struct { int x = 1; } unnamed;");
  CHECK(value_of(it, "next(); unnamed.x += 1; next()") == "2");
  CHECK(value_of(it, "next() + unnamed.x") == "5");
  CHECK(value_of(it, "static int n = 20; n") == "20");
  CHECK(value_of(it, "*place()") == "14");
  CHECK(value_of(it, "auto twice = [](int x) { return 2 * x; }; static int m = twice(4); m") ==
        "8");
  CHECK(value_of(it, "static int k = [](int x) { return 3 * x; }(m); k + m") == "32");
}

TEST_CASE("objects of types without a name are the same in every input") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(it,
           "auto more = [](int a, int b) { return a > b; };\n"
           "std::set<int, decltype(more)> set(more); set.insert({1, 2, 3});");
  CHECK(value_of(it, "set.size()") == "3");
  CHECK(value_of(it, "*set.begin()") == "3");
  value_of(it, "struct { int a = 1; } one; std::vector<decltype(one)> several(3);");
  CHECK(value_of(it, "one.a += 4; several[1].a = 7; several.size()") == "3");
  CHECK(value_of(it, "one.a + several[1].a") == "12");
  value_of(it, "static struct { int a = 1; } hidden; hidden.a = 5;");
  CHECK(value_of(it, "hidden.a") == "5");
  value_of(it, "auto next = [text = std::string(\"a\")]() mutable { return text += 'b'; };");
  value_of(it, "std::vector<decltype(next)> nexts{next}; next();");
  CHECK(value_of(it, "nexts[0](); nexts[0]() + next()") == "\"abbabb\"");
  value_of(it, "auto next = [n = 5]() mutable { return ++n; };");
  CHECK(value_of(it, "next() + next()") == "13");
  CHECK(value_of(it, "nexts[0]()") == "\"abbb\"");
  value_of(it,
           "enum { red = 3 } color = red; auto [left, right] = std::pair{1, [] { return 2; }};");
  CHECK(value_of(it, "color = red; left += 1; left + right() + color") == "7");
  CHECK(value_of(it, "left") == "2");
}

TEST_CASE("objects of types that are a function's own are the same in every input") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(it, "auto make() { struct L { int n = 0; }; return L{}; } auto v = make();");
  CHECK(value_of(it, "v.n = 5; v.n") == "5");
  CHECK(value_of(it, "v.n += 1; v.n") == "6");
  value_of(it, "auto w = make(); std::vector<decltype(w)> several(3);");
  CHECK(value_of(it, "several[1].n = w.n + 7; several.size()") == "3");
  CHECK(value_of(it, "several[1].n") == "7");
  value_of(it,
           "auto counter() { return [n = 0]() mutable { return ++n; }; } auto next = counter();");
  CHECK(value_of(it, "next(); next()") == "2");
  CHECK(value_of(it, "next()") == "3");
  value_of(
      it, "static auto pair(bool) { struct { int x = 1; } out; return out; } auto u = pair(true);");
  CHECK(value_of(it, "u.x += 1; u.x") == "2");
  CHECK(value_of(it, "u.x") == "2");
  value_of(it, "auto make() { struct L { int n = 100; }; return L{}; } auto v = make();");
  CHECK(value_of(it, "v.n += 1; w.n + v.n") == "101");
  CHECK(value_of(it, "v.n") == "101");
}

TEST_CASE("an object that could not last is refused, with what to do") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  const TaskError error =
      error_of(it, "std::set<int, decltype([](int a, int b) { return a > b; })> set{1, 2};");
  CHECK(error.name == "CompileError");
  CHECK(error.value.find("'set' cannot last: give the lambda in its type a name first") !=
        std::string::npos);
  value_of(it, "auto more = [](int a, int b) { return a > b; };");
  value_of(it, "std::set<int, decltype(more)> set{1, 2};");
  CHECK(value_of(it, "set.insert(3); set.size()") == "3");
  CHECK(value_of(it, "set.size()") == "3");
  value_of(it, "auto tuple = std::tuple{[] { return 1; }, 5}; std::get<1>(tuple) = 7;");
  CHECK(value_of(it, "std::get<0>(tuple)() + std::get<1>(tuple)") == "8");
  value_of(it, "auto even = std::vector{1, 2} | std::views::filter([](int x) { return x > 1; });");
  CHECK(value_of(it, "std::ranges::distance(even)") == "1");
}

TEST_CASE("what an unnamed namespace has can be declared anew") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(it, "namespace { int n = 7; int f() { return 1; } struct S { int a = 1; }; }");
  CHECK(value_of(it, "n + f() + S{}.a") == "9");
  value_of(it, "namespace { int n = 8; int f() { return 2; } struct S { int b = 2; }; }");
  CHECK(value_of(it, "n + f() + S{}.b") == "12");
  CHECK(error_of(it, "void g(int) {} void g(double) {} g(1L)").value.find("is ambiguous") !=
        std::string::npos);
  value_of(it, "namespace { int remove = 3; }");  // a function of <cstdio>
  CHECK(value_of(it, "remove") == "3");
  value_of(it, "namespace { int more = 1; }");
  CHECK(value_of(it, "n + more") == "9");
}

}  // namespace roundhouse::engine
