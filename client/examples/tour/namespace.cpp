// Data that lives on engines: names for values, and functions that work on what lies there.
//
// A value is pushed once and used by many calls: as rh::ref, an argument that is there already, or
// by a function whose first parameter is rh::Namespace&.
#include <string>
#include <vector>

#include "tour.hpp"
#include "tour_tasks.hpp"

namespace {

using Samples = std::vector<double>;

void show(const rh::Cluster& cluster) {
  const rh::Client client = cluster.connect();
  const rh::DirectView all = client[rh::all];
  const rh::EngineView first = client[0];

  all["limit"] = 5;    // on every engine
  first["limit"] = 6;  // on one
  tour::check(all["limit"].as<int>() == std::vector{6, 5}, "each engine has its own value");

  all.push({{"samples", Samples{1, 2, 3}}, {"unit", "mm"}}).get();
  const auto [limit, unit] = first.pull<int, std::string>("limit", "unit").get();
  tour::check(limit == 6 && unit == "mm", "pull gives several names, each of its type");

  all.apply_sync(tour::scale, rh::ref<Samples>("samples"), 10.0);
  tour::check(first["samples"].as<Samples>() == Samples{10, 20, 30},
              "a function that takes rh::ref as a T& changes the value itself");

  tour::check(first.apply_sync(tour::keep_mean, "samples") == 20,
              "rh::Namespace& is no argument of the call: the engine gives it");
  tour::check(first["mean"].as<double>() == 20, "what the function sets is there to be pulled");

  try {
    (void)first.get<double>("no such name");
    tour::check(false, "a name that is not there gives a NameError");
  } catch (const rh::RemoteError& error) {
    tour::check(error.name() == "NameError", "a name that is not there gives a NameError");
  }
}

}  // namespace

int main() {
  return tour::on_cluster(2, show);
}
