// Code that is typed: engines compile C++ source while they run, and keep what it declares.
//
// The examples of the page "Details of Parallel Computing with IPython", for whom code is text.
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tour.hpp"
#include "tour_tasks.hpp"

namespace {

using Samples = std::vector<double>;

std::string name_of_error(const rh::EngineView& engine, const std::string& code) {
  const auto outcome = engine.execute_async(code).get(rh::return_exceptions);
  return outcome ? "" : outcome.error().name;
}

void show_prompt(const rh::DirectView& all, const rh::EngineView& first) {
  all.execute_sync("double half(double x) { return x / 2; } double n = half(5);");
  const std::string text = first.execute_sync("n + 1").value;
  const double quarter = first.apply_sync<double>("half", rh::ref<double>("n"));
  tour::check(text == "3.5", "the value of an expression comes back, as text");
  tour::check(quarter == 1.25, "functions of code are called by name, with its variables");
}

void show_namespace(const rh::DirectView& all, const rh::EngineView& first) {
  all.execute_sync("int a = 5;");
  tour::check(all.pull<int>("a").get() == std::vector{5, 5}, "what code declares can be pulled");
  all.execute_sync("int get_a() { return a; }");
  tour::check(all.apply_sync<int>("get_a") == all.pull<int>("a").get(),
              "pull is calling a function that returns an object of the namespace");
  all["a"] = 7;
  tour::check(first.apply_sync<int>("get_a") == 7, "functions see the engine's names as globals");

  first.execute_sync(
      "#include <roundhouse/this_engine.hpp>\n"
      "int later() { return roundhouse::this_engine::get<int>(\"b\"); }");
  const auto missing = first.apply_async<int>("later").get(rh::return_exceptions);
  tour::check(!missing && missing.error().name == "NameError", "a name may come later: NameError");
  first["b"] = 5;
  tour::check(first.apply_sync<int>("later") == 5, "and then it is found");

  all["words"] = std::vector<std::string>{"foo", "bar"};
  tour::check(first.execute_sync("words").value == "{\"foo\", \"bar\"}",
              "what was pushed is a variable, and the value of an expression comes back");
  all.scatter("part", std::vector{1.0, 2.0, 3.0, 4.0}).get();
  all.execute_sync("double sum = std::accumulate(part.begin(), part.end(), 0.0);");
  tour::check(all["sum"].as<double>() == std::vector{3.0, 7.0},
              "each engine works on its piece of what was scattered");
}

void show_errors(const rh::EngineView& first) {
  first.execute_sync("int n = 5;");
  first.execute_sync("int n = 6;");
  tour::check(first.execute_sync("n").value == "6", "a name can be declared anew");
  tour::check(name_of_error(first, "int m = oops;") == "CompileError",
              "the compiler's errors are a CompileError");
  tour::check(first.execute_sync("n").value == "6", "which leaves all as it was");
  tour::check(name_of_error(first, "throw std::runtime_error(\"no\");") == "std::runtime_error",
              "what code throws keeps its type");
  const rh::ExecuteResult said =
      first.execute_sync("for (int i = 0; i < 3; ++i) std::cout << i << ' ';");
  tour::check(said.out == "0 1 2 ", "what code prints comes back");
}

void show(const rh::Cluster& cluster) {
  const rh::Client client = cluster.connect();
  const rh::DirectView all = client[rh::all];
  const rh::EngineView first = client[0];
  if (name_of_error(first, "1") == rh::kNoInterpreter) {
    std::cout << "  skipped: these engines have no interpreter\n";
    return;
  }
  show_prompt(all, first);
  show_namespace(all, first);
  show_errors(first);

  const auto path = std::filesystem::temp_directory_path() /
                    ("third_" + first.execute_sync("#include <unistd.h>\ngetpid()").value + ".cpp");
  std::ofstream(path) << "double third(double x) {\n  return x / 3;\n}\n";
  all.run_sync(path);
  std::filesystem::remove(path);
  tour::check(first.apply_sync<double>("third", 6.0) == 2, "run sends a file of this machine");
}

}  // namespace

int main() {
  return tour::on_cluster(2, show);
}
