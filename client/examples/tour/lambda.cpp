// Functions that are written where they are used: engines compile their text.
//
// What a lambda needs of this file is declared by RH_SOURCE, for the program and for the engines.
#include <cmath>
#include <string>
#include <vector>

#include "tour.hpp"
#include "tour_tasks.hpp"

RH_SOURCE(
    struct Circle {
      double radius = 0;
      std::string name;
      MSGPACK_DEFINE(radius, name)
    };

    constexpr double kTau = 6.283185307179586;

    double area(const Circle& circle) { return kTau / 2 * circle.radius * circle.radius; })

// A function of a module that the engines have loaded.
RH_SOURCE(namespace tour { int collatz(std::uint64_t n); })

RH_SOURCE(double half(double x) { return x / 2; })

namespace {

void show_views(const rh::Client& client) {
  const std::vector numbers{1, 2, 3, 4};
  const auto square = RH_LAMBDA([](int x) { return x * x; });
  const auto any = client.load_balanced_view();
  tour::check(any.apply_sync(square, 5) == 25, "a lambda is called");
  tour::check(any.map_sync(square, numbers) == std::vector{1, 4, 9, 16}, "mapped");
  const auto halves = any.map_sync(RH_LAMBDA([](int x) { return half(x); }), numbers);
  tour::check(halves.back() == 2.0, "with what RH_SOURCE has declared");
  tour::check(any.reduce(RH_LAMBDA([](int a, int b) { return a + b; }), numbers) == 10, "reduces");
  tour::check(client[rh::all].apply_sync(square, 3) == std::vector{9, 9}, "on every view");
}

void show_what_it_reaches(const rh::EngineView& first) {
  const Circle large = first.apply_sync(
      RH_LAMBDA([](Circle a, const Circle& b) { return area(a) < area(b) ? b : a; }),
      Circle{1, "small"}, Circle{2, "large"});
  tour::check(large.name == "large", "types and functions of RH_SOURCE are there, and travel");
  first["limit"] = 5;
  tour::check(
      first.apply_sync(RH_LAMBDA([](int n) { return n < rh::this_engine::get<int>("limit"); }), 3),
      "the engine's names are reached by this_engine");
  tour::check(first.apply_sync(RH_LAMBDA([](std::uint64_t n) { return tour::collatz(n); }), 6) == 8,
              "a function that is declared, and not defined, is a module's");
}

int not_told(int x) {
  return x;
}

void show_errors(const rh::EngineView& first) {
  const auto bad =
      first.apply_async(RH_LAMBDA([](int x) { return not_told(x); }), 1).get(rh::return_exceptions);
  tour::check(!bad && bad.error().name == rh::kCompileError,
              "what RH_SOURCE does not say, engines do not know: " + bad.error().value);
}

void show(const rh::Cluster& cluster) {
  const rh::Client client = cluster.connect();
  const rh::EngineView first = client[0];
  const auto there = first.apply_async(RH_LAMBDA([] {})).get(rh::return_exceptions);
  if (!there && there.error().name == rh::kNoInterpreter) {
    std::cout << "  skipped: these engines have no interpreter\n";
    return;
  }
  show_views(client);
  show_what_it_reaches(first);
  show_errors(first);
}

}  // namespace

int main() {
  return tour::on_cluster(2, show);
}
