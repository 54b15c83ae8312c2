// C++ source that real engines compile and run: view.execute and view.run.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/modules/process_tasks.hpp"
#include "tests/support/interpreter.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/real_cluster.hpp"
#include <roundhouse/roundhouse.hpp>

namespace source_test {

struct Place {
  int x = 0;
  std::string name;
  MSGPACK_DEFINE(x, name)
};

}  // namespace source_test

namespace roundhouse::test {
namespace {

using source_test::Place;

// Two engines with an interpreter.
struct Prompt {
  Prompt() { client.wait_for_engines(2, kPatience); }

  RealCluster cluster{2};
  Client client = cluster.connect();
  DirectView all = client[roundhouse::all];
  EngineView one = client[0];
};

TEST_CASE("what code declares lasts from input to input, on each engine of its own") {
  if (!has_interpreter()) return;
  const Prompt at;
  at.all.execute_sync("#include <deque>\nint n = 5;");
  at.all.execute_sync("int n = 6;");
  const std::vector<ExecuteResult> both = at.all.execute_sync("n");
  REQUIRE(both.size() == 2);
  CHECK(both[0].value == "6");
  CHECK(both[0].type == "int");
  CHECK(both[1] == both[0]);
  at.one.execute("n += 10;");
  CHECK(at.all["n"].as<int>() == std::vector{16, 6});
  CHECK(at.one.execute_sync("std::deque<int>{n}").value == "{16}");
  CHECK(at.one.execute_sync("n;").type.empty());
  const auto nothing = at.client[1].with({.block = true}).execute("");
  CHECK(nothing.ready());
  CHECK(nothing.get() == ExecuteResult{});
  // It is a task like others.
  const Metadata task = at.one.with({.label = "typed"}).execute_async("n").metadata();
  CHECK(task.msg_id.size() == 32);
}

TEST_CASE("a function declared anew replaces the old one for later code") {
  if (!has_interpreter()) return;
  const Prompt at;
  at.one.execute_sync("int f() { return 1; } int g() { return f(); }");
  at.one.execute_sync("int f() { return 2; }");
  CHECK(at.one.execute_sync("f() * 10 + g()").value == "21");
  CHECK(at.one.apply_sync<int>("f") == 2);
}

TEST_CASE("what is printed meanwhile comes back: by C++, by C, by children, up to a bound") {
  if (!has_interpreter()) return;
  const Prompt at;
  const ExecuteResult said = at.one.execute_sync(
      "std::cout << \"one \"; std::printf(\"two \"); std::fflush(stdout);\n"
      "std::system(\"echo three\");\n"
      "std::clog << \"oh\"; std::fputs(\" no\", stderr); 4");
  CHECK(said.out == "one two three\n");
  CHECK(said.err == "oh no");
  CHECK(said.value == "4");
  CHECK(at.one.execute_sync("1").out.empty());
  const ExecuteResult much = at.one.execute_sync(
      "std::string kib(1023, 'x'); for (int i = 0; i < 3000; ++i) std::cout << kib << '\\n';");
  CHECK(much.out.size() < 1'100'000);
  CHECK(much.out.ends_with("\n... (2023424 more bytes)\n"));
  CHECK(at.one.execute_sync("std::cout << 5;").out == "5");
}

TEST_CASE("code that does not compile is answered by the compiler, and leaves all as it was") {
  if (!has_interpreter()) return;
  const Prompt at;
  at.all.execute_sync("int n = 5; int twice(int x) { return 2 * x; }");
  const RemoteErrorInfo bad = error_of(at.one, "int m = 1;\nint k = m + oops;\nint n = 7;");
  CHECK(bad.name == "CompileError");
  CHECK(bad.value == "input 2:2:13: use of undeclared identifier 'oops'");
  CHECK(bad.traceback.find("int k = m + oops;") != std::string::npos);
  CHECK(error_of(at.one, "m").name == "CompileError");
  CHECK(at.one.execute_sync("twice(n)").value == "10");
  CHECK_THROWS_AS(at.all.execute_sync("syntax error"), CompositeError);
  CHECK(at.all.execute_sync("twice(n)").front().value == "10");
}

TEST_CASE("run sends a file of the client, and errors name it and its line") {
  if (!has_interpreter()) return;
  const Prompt at;
  const std::string file = at.cluster.file("prog.cpp");
  write_file(file, "int first = 1;\nint second = first + 1;\nfirst + second\n");
  CHECK(at.all.run_sync(file).back().value == "3");
  CHECK(at.one.pull<int>("second").get() == 2);
  write_file(file, "int first = 1;\nint third = no_such_variable;\n");
  const auto outcome = at.one.run_async(file).get(return_exceptions);
  CHECK(outcome.error().value == file + ":2:13: use of undeclared identifier 'no_such_variable'");
  CHECK_THROWS_AS(at.one.run(at.cluster.file("no such file")), Exception);
}

TEST_CASE("what code throws comes back with its type, its text and what was printed before") {
  if (!has_interpreter()) return;
  const Prompt at;
  at.one.execute_sync("struct Odd : std::runtime_error { using runtime_error::runtime_error; };");
  const RemoteErrorInfo odd =
      error_of(at.one, "int before = 3; std::cout << \"here\"; throw Odd(\"it is odd\");");
  CHECK(odd.name == "Odd");
  CHECK(odd.value == "it is odd");
  CHECK(odd.traceback.find("here") != std::string::npos);
  CHECK(at.one.execute_sync("before").value == "3");
  CHECK(error_of(at.one, "std::vector<int>{}.at(7)").name == "std::out_of_range");
  CHECK(error_of(at.one, "throw 42;").value == "42");
  const RemoteErrorInfo warned = error_of(at.one, "#warning as you see\nthrow 42;");
  CHECK_MESSAGE(warned.traceback.find("warning: as you see") != std::string::npos,
                warned.traceback);
}

TEST_CASE("names that were pushed are variables of code, and its variables are pulled") {
  if (!has_interpreter()) return;
  const Prompt at;
  at.all["a"] = std::vector{1.0, 2.0};
  at.all.execute_sync("double mean = (a[0] + a[1]) / a.size();");
  CHECK(at.all.pull<double>("mean").get() == std::vector{1.5, 1.5});
  at.all.execute_sync("a.push_back(6);");
  CHECK(at.one["a"].as<std::vector<double>>() == std::vector{1.0, 2.0, 6.0});
  at.all["mean"] = 4.0;
  CHECK(at.one.execute_sync("mean").value == "4");
  CHECK_THROWS_AS((void)at.one.pull<std::string>("mean").get(), SerializationError);
  at.all["a"] = std::string("anew");
  CHECK(at.one.execute_sync("a").value == "\"anew\"");
  const auto missing = at.one.pull<int>("nothing").get(return_exceptions);
  CHECK(missing.error().name == "NameError");
}

TEST_CASE("users' structs are shared by name, too") {
  if (!has_interpreter()) return;
  const Prompt at;
  at.one.execute_sync(
      "#include <roundhouse/serialize.hpp>\n"
      "namespace source_test {\n"
      "struct Place { int x = 0; std::string name; MSGPACK_DEFINE(x, name) };\n"
      "}\n"
      "using source_test::Place;\n"
      "Place home{4, \"here\"};\n"
      "Place moved(const Place& from, int by) { return {from.x + by, from.name}; }");
  CHECK(at.one.pull<Place>("home").get().name == "here");
  at.one["away"] = Place{5, "there"};
  CHECK(at.one.execute_sync("away.x += home.x; away.x").value == "9");
  CHECK(at.one.pull<Place>("away").get().x == 9);
  CHECK(at.one.apply_sync<Place>("moved", Place{1, "x"}, 2).x == 3);
  CHECK_THROWS_AS((void)at.one.pull<int>("home").get(), SerializationError);
}

TEST_CASE("functions of code are called by their names") {
  if (!has_interpreter()) return;
  const Prompt at;
  at.all["factor"] = 10.0;
  at.all.execute_sync(
      "double f(double x) { return factor * x; }\n"
      "void set_factor(double to) { factor = to; }\n"
      "int fails() { throw std::invalid_argument(\"no\"); }");
  CHECK(at.one.apply_async<double>("f", 2.0).get() == 20);
  CHECK(at.all.apply_sync<double>("f", ref<double>("factor")) == std::vector{100.0, 100.0});
  at.one.apply_sync("set_factor", 3.0);
  CHECK(at.all.apply_sync<double>("f", 2.0) == std::vector{6.0, 20.0});
  CHECK(at.client.load_balanced_view().apply_sync<double>("f", 0.0) == 0);
  const auto failed = at.one.apply_async<int>("fails").get(return_exceptions);
  CHECK(failed.error().name == "std::invalid_argument");
  const auto missing = at.one.apply_async<int>("no_such_function").get(return_exceptions);
  CHECK(missing.error().name == "UnknownFunction");
  const auto wrong = at.one.apply_async<double>("f", std::string("text")).get(return_exceptions);
  CHECK(wrong.error().name == "SerializationError");
}

TEST_CASE("tasks of modules see what code has declared, and code sees its engine") {
  if (!has_interpreter()) return;
  const Prompt at;
  at.all.execute_sync("int limit = 4;");
  CHECK(at.one.apply_sync(process_tasks::scaled_limit, 3) == 12);
  CHECK(at.all.execute_sync("#include <roundhouse/this_engine.hpp>\nroundhouse::this_engine::id()")
            .back()
            .value == "1");
  at.one.execute_sync(
      "roundhouse::this_engine::set(\"b\", 5); "
      "roundhouse::this_engine::get<int>(\"limit\") = 8;");
  CHECK(at.one.execute_sync("b + limit").value == "13");
  CHECK(at.one.pull<int>("b").get() == 5);
}

TEST_CASE("code calls tasks of modules that it declares, and one that is none is named") {
  if (!has_interpreter()) return;
  const Prompt at;
  const std::string process = std::to_string(at.one.apply_sync(process_tasks::process_id));
  CHECK(at.one
            .execute_sync("\xef\xbb\xbfnamespace process_tasks { int process_id(); "
                          "int nobody(); }\nprocess_tasks::process_id()")
            .value == process);
  CHECK(error_of(at.one, "process_tasks::nobody()").value.find("process_tasks::nobody()") !=
        std::string::npos);
}

TEST_CASE("code calls tasks of a module that a client has shipped") {
  if (!has_interpreter()) return;
  const Prompt at;
  at.all.execute_sync("namespace shipped { int which(); }");
  CHECK(error_of(at.one, "shipped::which()").value.find("shipped::which()") != std::string::npos);
  at.client.load(RealCluster::module_path("shipped/which1")).get(kPatience);
  CHECK(at.one.execute_sync("shipped::which()").value == "1");
}

TEST_CASE("clear forgets what was pushed and what was declared") {
  if (!has_interpreter()) return;
  const Prompt at;
  at.one["a"] = 1;
  at.one.execute_sync("int b = a; int f() { return b; }");
  CHECK(at.one.clear({.timeout = kPatience}).done());
  CHECK(at.one.pull<int>("b").get(return_exceptions).error().name == "NameError");
  CHECK(at.one.pull<int>("a").get(return_exceptions).error().name == "NameError");
  CHECK(error_of(at.one, "b").name == "CompileError");
  CHECK(at.one.apply_async<int>("f").get(return_exceptions).error().name == "UnknownFunction");
  CHECK(at.one.execute_sync("int b = 2; b").value == "2");
}

}  // namespace
}  // namespace roundhouse::test
