// An array that is too large for one: a piece on each engine, worked on there, and fetched.
#include <numeric>
#include <vector>

#include "tour.hpp"
#include "tour_tasks.hpp"

namespace {

using Samples = std::vector<double>;

void show(const rh::Cluster& cluster) {
  const rh::Client client = cluster.connect();
  const rh::DirectView all = client[rh::all];

  Samples samples(100'000);
  std::iota(samples.begin(), samples.end(), 1.0);
  all.scatter("samples", samples).get();

  const Samples sums = all.apply_sync(tour::sum, rh::ref<Samples>("samples"));
  tour::check(sums.size() == 3 && std::accumulate(sums.begin(), sums.end(), 0.0) == 5'000'050'000,
              "each engine adds up its piece");

  all.apply_sync(tour::scale, rh::ref<Samples>("samples"), -1.0);
  const Samples back = all.gather<double>("samples").get();
  tour::check(back == tour::scaled(samples, -1), "gather puts the pieces together, in order");

  all.scatter("cards", Samples{1, 2, 3, 4, 5}, rh::round_robin).get();
  tour::check(client[0]["cards"].as<Samples>() == Samples{1, 4}, "round_robin deals like cards");
  tour::check(all.gather<double>("cards", rh::round_robin).get() == Samples{1, 2, 3, 4, 5},
              "and picks them up the same way");

  all.scatter("rank", std::vector{0, 1, 2}, rh::flatten).get();
  tour::check(all["rank"].as<int>() == std::vector{0, 1, 2},
              "flatten gives a piece of one element as that element");
}

}  // namespace

int main() {
  return tour::on_cluster(3, show);
}
