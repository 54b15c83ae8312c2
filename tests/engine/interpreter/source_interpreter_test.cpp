#include <string>

#include <doctest/doctest.h>

#include "engine/interpreter.hpp"
#include "tests/engine/interpreter/with_interpreter.hpp"
#include <roundhouse/arguments.hpp>

namespace roundhouse::engine {

TEST_CASE("declarations, includes and variables last from input to input") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(it, "#include <deque>");
  value_of(it, "std::deque<int> numbers{1, 2, 3};");
  value_of(it, "int sum() { int out = 0; for (int x : numbers) out += x; return out; }");
  CHECK(value_of(it, "sum()") == "6");
  value_of(it, "numbers.push_back(4); numbers.front() = 10;");
  CHECK(value_of(it, "sum()") == "19");
  value_of(it, "#define TWICE(x) (2 * (x))\nusing namespace std ;");
  CHECK(value_of(it, "TWICE(sum()) + size(vector<int>{7})") == "39");
}

TEST_CASE("the value of a last expression comes back as text, with its type") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  CHECK(value_of(it, "1 + 1") == "2");
  CHECK(value_of(it, "0.1") == "0.1");
  CHECK(value_of(it, "true") == "true");
  CHECK(value_of(it, "'x'") == "'x'");
  CHECK(value_of(it, "\"a \\\"word\\\"\"") == R"("a \"word\"")");
  CHECK(value_of(it, "std::string(\"text\") + \"s\"") == "\"texts\"");
  CHECK(value_of(it, "std::vector<std::vector<double>>{{1, 2.5}, {}}") == "{{1, 2.5}, {}}");
  CHECK(value_of(it, "std::map<std::string, int>{{\"a\", 1}, {\"b\", 2}}") ==
        R"({"a": 1, "b": 2})");
  CHECK(value_of(it, "std::vector<bool>{true, false}") == "{true, false}");
  CHECK(value_of(it, "std::tuple{1, std::string(\"x\"), std::optional<int>{}}") ==
        R"((1, "x", nullopt))");
  CHECK(value_of(it, "int a = 1; a += 4; a, a + 1") == "6");
  CHECK(value_of(it, "struct Point { int x, y; }; Point{1, 2}") == "<Point>");
  value_of(it,
           "std::ostream& operator<<(std::ostream& to, const Point& p) {\n"
           "  return to << p.x << '/' << p.y;\n}");
  CHECK(value_of(it, "Point{1, 2}") == "1/2");
  CHECK(value_of(it, "int list[] = {1, 2}; list") == "{1, 2}");
  CHECK(value_of(it, "[](int x) { return x; }").starts_with("<"));
  CHECK(value_of(it, "a;").empty());
  CHECK(value_of(it, "void nothing() {} nothing()").empty());
  const Executed executed = it.execute({"std::vector<double>{1}", {}});
  CHECK(executed.type == "std::vector<double>");
}

TEST_CASE("an input that does not compile is answered by the compiler, and leaves all as it was") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(it, "int n = 5; int twice(int x) { return 2 * x; }");
  const Executed bad = it.execute({"int a = 1;\nint b = a + c;\nint n = 7;", "prog.cpp"});
  CHECK_FALSE(bad.ok);
  CHECK(bad.error.name == "CompileError");
  CHECK(bad.error.value == "prog.cpp:2:13: use of undeclared identifier 'c'");
  CHECK(bad.error.traceback.find("int b = a + c;") != std::string::npos);
  CHECK(bad.error.traceback.find("inputs >>>") == std::string::npos);
  CHECK(value_of(it, "twice(n)") == "10");
  CHECK(error_of(it, "a").value.find("undeclared identifier 'a'") != std::string::npos);
  for (const char* broken :
       {"int f( {", "struct S {", "int g(", "1 +", "#define OPEN {\nint h() OPEN", "}", "#if 1",
        "\"text", "#include <no_such_header>",
        "template <class T> T wrong(T x) { return x.y; } wrong(n)", "std::vector<int> v = n;",
        "namespace ns { int n = oops; }", "/* for ever", "int twice(int x) { return oops; }",
        "#error no", "static_assert(sizeof(int) == 3);", "\x01\x02"}) {
    CAPTURE(broken);
    CHECK(error_of(it, broken).name == "CompileError");
    CHECK(value_of(it, "twice(n)") == "10");
  }
  CHECK(it.execute({"int f() {\n  if (true) {\n}", "open.cpp"}).error.value ==
        "open.cpp:1:9: what is opened here is not closed");
  CHECK(error_of(it, "1 +").value == "end of input: expected expression");
  value_of(it, "std::vector<int> v{n}; int a = 3; namespace ns { int n = 8; }");
  CHECK(value_of(it, "v[0] + a + ns::n") == "16");
}

TEST_CASE("constants and static variables can be pulled, also when nothing has used them") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(it,
           "const int whole = 5; constexpr double part = 2.5; static int hidden = 3; inline int "
           "shared = 7; const std::string text = \"x\";");
  const auto pulled = [&](const char* name) {
    PackedValue out;
    std::string error;
    CHECK_MESSAGE(it.pull(name, out, error) == Lookup::found, error);
    return out.value;
  };
  CHECK(pulled("whole") == pack_value(5).value);
  CHECK(pulled("part") == pack_value(2.5).value);
  CHECK(pulled("hidden") == pack_value(3).value);
  CHECK(pulled("shared") == pack_value(7).value);
  CHECK(pulled("text") == pack_value(std::string("x")).value);
  CHECK(value_of(it, "hidden = 9") == "9");
  CHECK(pulled("hidden") == pack_value(9).value);
}

TEST_CASE("structs that travel and the engine are there without an include") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(it, "struct Point { double x = 0, y = 0; MSGPACK_DEFINE(x, y) };");
  CHECK(value_of(it, "decltype(rh::this_engine::id()) id = 3; Point{1, 2}.y + id") == "5");
}

TEST_CASE("a header that is not there is named, with the line that asks for it") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  for (const std::string include : {"#include <nothing.h>", "#include \"nothing.h\""}) {
    const TaskError error = error_of(it, "int n = 1;\n" + include + "\n");
    CHECK(error.name == "CompileError");
    CHECK(error.value.find("2:10: 'nothing.h' file not found") != std::string::npos);
  }
  CHECK(value_of(it, "#include <set>\nstd::set<int>{1}.size()") == "1");
}

TEST_CASE("variables, functions, types and templates can be declared anew") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(it, "int n = 5;");
  value_of(it, "int old_n() { return n; }");
  value_of(it, "int n = 6;");
  CHECK(value_of(it, "n") == "6");
  CHECK(value_of(it, "old_n()") == "5");  // was compiled with the older one
  value_of(it, "double n = 2.5;");
  CHECK(value_of(it, "n") == "2.5");

  value_of(it, "int f(int x) { return x; } double f(double x) { return -x; }");
  value_of(it, "int f(int x) { return 10 * x; }");
  CHECK(value_of(it, "f(2)") == "20");
  CHECK(value_of(it, "f(2.0)") == "-2");  // the other one is still there
  value_of(it, "std::string f(int x) { return std::to_string(x); }");
  CHECK(value_of(it, "f(2)") == "\"2\"");

  value_of(it, "struct P { int x = 1; int get() const { return x; } };\nP old;");
  value_of(it, "std::vector<P> olds(3);");
  value_of(
      it,
      "struct P { double y = 2.5; std::string s = \"new\"; double get() const { return y; } };");
  CHECK(value_of(it, "std::vector<P> news(4); news[3].get()") == "2.5");
  CHECK(value_of(it, "old.get() + olds.back().get()") == "2");
  CHECK(value_of(it, "news.back().s") == "\"new\"");

  value_of(it, "template <class T> T twice(T x) { return x + x; } int four = twice(2);");
  value_of(it, "template <class T> T twice(T x) { return x + x + x; } int six = twice(2);");
  CHECK(value_of(it, "four + six + twice(1)") == "13");
  value_of(it,
           "template <class T> struct Box { T v; T get() { return v; } }; Box<int> b{3}; b.get()");
  value_of(
      it,
      "template <class T> struct Box { int pad; T v; T get() { return -v; } }; Box<int> c{0, 3};");
  CHECK(value_of(it, "b.get() + c.get()") == "0");

  value_of(it, "enum Colour { red, green }; int number(Colour c) { return c; }");
  value_of(it, "enum Colour { green, red, blue }; int number(Colour c) { return 10 + c; }");
  CHECK(value_of(it, "number(red)") == "11");
  value_of(it, "namespace ns { int k = 1; int g() { return k; } }");
  value_of(it, "namespace ns { int k = 2; }");
  CHECK(value_of(it, "ns::k + ns::g()") == "3");
  value_of(it, "using T = int; T t = 1;");
  value_of(it, "using T = double; T u = 0.5;");
  CHECK(value_of(it, "t + u") == "1.5");
  value_of(it, "auto [x, y] = std::pair{1, 2.5};");
  value_of(it, "auto [x, y] = std::tuple{std::string(\"x\"), 4};");
  CHECK(value_of(it, "x + std::to_string(y)") == "\"x4\"");
  value_of(it, "extern \"C\" int c_function(int x) { return x; }");
  value_of(it, "extern \"C\" int c_function(int x) { return -x; }");
  CHECK(value_of(it, "c_function(3)") == "-3");
  value_of(it, "int square(int x) { return x; } int main() { return square(2); }");
  value_of(it, "int square(int x) { return x * x; } int main() { return square(3); }");
  CHECK(value_of(it, "square(3)") == "9");
  value_of(it, "auto l = [](int x) { return x; };");
  value_of(it, "auto l = [](int x) { return 100 * x; };");
  CHECK(value_of(it, "l(3)") == "300");
  value_of(it, "int f = 3;");
  CHECK(value_of(it, "f") == "3");
}

TEST_CASE("a second definition of a symbol that only one may have leaves all as it was") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(it, "int helper(int x) { return x; } int one() asm(\"rh_test_one\");");
  value_of(it, "int one() { return 1; }");
  const Executed out =
      it.execute({"int helper(int x) { return -x; } int two() asm(\"rh_test_one\"); "
                  "int two() { return 2; }",
                  {}});
  REQUIRE_FALSE(out.ok);
  CHECK(out.error.name == "CompileError");
  CHECK_MESSAGE(out.error.value.starts_with("rh_test_one is defined by earlier code already"),
                out.error.value);
  CHECK(value_of(it, "helper(3) + one()") == "4");
}

TEST_CASE("a type takes over the name of an older variable or function, as C++ would not have it") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(it, "int n = 1; int get_n() { return n; } int f() { return 2; } int e = 3;");
  value_of(it, "namespace ns { int n = 4; } auto [a, b] = std::pair{1, 2};");
  CHECK(value_of(it, "struct n { int z = 4; }; n{}.z") == "4");
  CHECK(value_of(it, "n{}.z + get_n()") == "5");
  CHECK(value_of(it, "class f { public: int x = 7; }; f().x") == "7");
  CHECK(value_of(it, "enum class e { one = 1 }; static_cast<int>(e::one)") == "1");
  CHECK(value_of(it, "namespace ns { struct n { int z = 8; }; } ns::n{}.z") == "8");
  CHECK(value_of(it, "struct a { int z = 9; }; a{}.z") == "9");
  value_of(it, "int n = 5;");
  CHECK(value_of(it, "n") == "5");
  CHECK(value_of(it, "struct n { int y = 6; }; n{}.y") == "6");
  // What says both at once means both, as does what completes a type that had the name first.
  value_of(it, "struct both { int z = 1; }; int both = 2; struct later; int later = 3;");
  CHECK(value_of(it, "struct later { int z = 4; }; struct later x; x.z + later + both") == "9");
  CHECK(value_of(it, "template <class T> struct Box { int z = 1; }; Box<int>{}.z") == "1");
  CHECK(value_of(it, "template <> struct Box<char> { int z = 2; }; Box<char>{}.z + Box<int>{}.z") ==
        "3");
}

TEST_CASE("what code throws is caught, and what came before it stays") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(it, "struct Odd : std::runtime_error { using std::runtime_error::runtime_error; };");
  const TaskError thrown = error_of(it, "int a = 4; throw Odd(\"it is odd\"); int b = 5;");
  CHECK(thrown.name == "Odd");
  CHECK(thrown.value == "it is odd");
  CHECK(value_of(it, "a") == "4");
  CHECK(error_of(it, "throw 42;").value == "42");
  CHECK(error_of(it, "std::vector<int>{}.at(3)").name == "std::out_of_range");
  value_of(it, "int deep(int n) { if (n == 0) throw Odd(\"deep\"); return deep(n - 1); }");
  CHECK(error_of(it, "deep(5)").value == "deep");
  CHECK(value_of(it, "int r = 0; try { deep(2); } catch (const Odd&) { r = 1; } r") == "1");
}

TEST_CASE("what is declared and not defined is said, and can be defined later") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(it, "int later(int x);");
  CHECK(error_of(it, "later(1)").value.find("later(int)") != std::string::npos);
  value_of(it, "int user(int x) { return x; }");
  value_of(it, "int later(int x) { return x + 1; }");
  CHECK(value_of(it, "later(1)") == "2");
}

TEST_CASE(
    "static and constant variables, lambdas and unnamed namespaces are seen by later inputs") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(it, "static int hidden = 3; static int sf() { return ++hidden; } const int k = 5;");
  CHECK(value_of(it, "sf() + hidden") == "8");
  CHECK(value_of(it, "const int& rk = k; rk") == "5");
  value_of(it, "namespace { int unnamed = 9; int uf() { return unnamed; } }");
  CHECK(value_of(it, "uf() + unnamed") == "18");
  value_of(it, "auto one = [](int x) { return x + 1; };");
  value_of(it, "auto ten = [](int x) { return x + 10; };");
  value_of(it, "std::function<int(int)> f1 = one;");
  value_of(it, "std::function<int(int)> f10 = ten;");
  value_of(it, "std::function<int(int)> g1 = one; std::function<int(int)> g10 = ten;");
  CHECK(value_of(it, "f1(1) + g1(1) * 10 + f10(1) * 100 + g10(1) * 10000") == "111122");
  value_of(it, "thread_local int tl = 4; inline int il = 5; constexpr int ce = 6;");
  CHECK(value_of(it, "tl += 1; tl + il + *&ce") == "16");
}

TEST_CASE("statements may begin with a lambda, and have types of their own") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  CHECK(value_of(it, "[](int x) { return x * 2; }(2)") == "4");
  value_of(it, "int n = 3; []() noexcept { n += 1; }();");
  CHECK(value_of(it, "{ [&]{ [](auto x) { n += x; }(2); }(); } n") == "6");
  CHECK(value_of(it, "([]{ return 2; })() + [=]{ return n; }()") == "8");
  value_of(it, "{ struct S { int get() { return 5; } }; n = S().get(); }");
  CHECK(value_of(it, "n") == "5");
  CHECK(value_of(it, "[]{ return std::vector{1, 2}; }()") == "{1, 2}");
}

TEST_CASE("statements pass closures and types of their own to templates") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(it, "std::vector<int> v{3, 1, 2}; int x = 1;");
  CHECK(value_of(it, "std::sort(v.begin(), v.end(), [](int a, int b) { return a > b; }); v") ==
        "{3, 2, 1}");
  CHECK(value_of(it, "std::function<int(int)>([](int a) { return a; })(4)") == "4");
  // Inner names come first, also after a template was needed.
  CHECK(value_of(
            it,
            "{ int x = 2; [&] { std::sort(v.begin(), v.end(), [](int a, int b) { return a < b; });"
            "\n  v[0] = x; }(); } v") == "{2, 2, 3}");
  value_of(
      it,
      "{ struct By { int x = 5; bool operator()(int a, int b) const { return a > b; } int f() {\n"
      "std::sort(v.begin(), v.end(), By()); return x; } }; v[1] = By().f(); }");
  CHECK(value_of(it, "v") == "{3, 5, 2}");
}

TEST_CASE("what a library has for each thread is the thread's, also to code") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(it, "#include <future>\n#include <mutex>\nstd::once_flag once; int n = 0;");
  CHECK(value_of(it, "for (int i = 0; i < 2; ++i) std::call_once(once, [] { ++n; }); n") == "1");
  CHECK(value_of(it, "std::async(std::launch::async, [] { return 4; }).get()") == "4");
  CHECK(value_of(it, "std::promise<int> p; p.set_value(5); p.get_future().get()") == "5");
  value_of(it, "thread_local int mine = 1; int set(int x) { return std::exchange(mine, x); }");
  CHECK(value_of(it, "set(7); std::async(std::launch::async, [] { return set(9); }).get()") == "1");
  CHECK(value_of(it, "mine") == "7");
}

TEST_CASE("an input may begin with a sign") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  CHECK(value_of(it, "-2.5") == "-2.5");
  CHECK(value_of(it, "int n = 3; -n") == "-3");
  CHECK(value_of(it, "+n") == "3");
  CHECK(value_of(it, "-n;\n-n + 1").ends_with("-2"));
  CHECK(value_of(it, "--n") == "2");
}

TEST_CASE("clear forgets everything, and destroys it, the last first") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  static std::string log;
  log.clear();
  char address[32];
  std::snprintf(address, sizeof address, "%p", static_cast<void*>(&log));
  value_of(it,
           "std::string& log =  *reinterpret_cast<std::string*>(" + std::string(address) + ");");
  value_of(it, "struct Says { char c; ~Says() { log += c; } }; Says a{'a'};");
  value_of(it, "Says b{'b'};");
  it.clear();
  CHECK(log == "ba");
  CHECK(error_of(it, "a").name == "CompileError");
  CHECK(value_of(it, "int a = 1; a") == "1");
}

TEST_CASE("what the system's headers declare outside std may be declared anew, too") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  CHECK(value_of(it, "double log = 3, y0 = 1; int index = 2; log + index + y0 + std::log(1)") ==
        "6");
  // But not by the input that includes the header.
  CHECK(error_of(it, "#include <ftw.h>\nint nftw = 1;").value.find("redefinition of 'nftw'") !=
        std::string::npos);
  CHECK(value_of(it, "#include <ftw.h>\nnftw != nullptr") == "true");
}

TEST_CASE("an input without an end does not hold up the compiler for ever") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  CHECK(error_of(it,
                 "constexpr int f(int n) { while (n > 0) { ++n; n -= 1; } return n; }\n"
                 "constexpr int x = f(1);")
            .name == "CompileError");
  CHECK(error_of(it, "template <int N> struct Deep { Deep<N + 1> d; }; Deep<0> d;").name ==
        "CompileError");
  CHECK(value_of(it, "1") == "1");
}

TEST_CASE("a call that does not fit what was declared before is told as that") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(it, "int twice(int x) { return 2 * x; } template <class T> T same(T a, T b);");
  const auto says = [&](const std::string& code, const std::string& what) {
    const TaskError error = error_of(it, code);
    CHECK_MESSAGE(error.value.find(what) != std::string::npos, error.value);
  };
  says("twice(\"a\")", "no matching function for call to 'twice'");
  says("same(1, 2.5)", "no matching function for call to 'same'");
  CHECK(value_of(it, "twice(4)") == "8");
  CHECK(value_of(it, "double twice(int x) { return 2.5 * x; } twice(1)") == "2.5");
}

}  // namespace roundhouse::engine
