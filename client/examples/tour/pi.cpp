// Many independent calls, whichever engine is free: pi, by throwing darts at a circle.
//
// A load-balanced view maps a function over its arguments, in pieces; reduce adds up on the
// engines.
#include <cmath>
#include <cstdint>
#include <iostream>
#include <numbers>
#include <numeric>
#include <vector>

#include "tour.hpp"
#include "tour_tasks.hpp"

namespace {

constexpr std::size_t kThrows = 64;
constexpr std::uint64_t kDarts = 20'000;  // of each

void show(const rh::Cluster& cluster) {
  const rh::Client client = cluster.connect();
  const rh::LoadBalancedView any = client.load_balanced_view();

  // One range for each parameter.
  std::vector<std::uint32_t> seeds(kThrows);
  std::iota(seeds.begin(), seeds.end(), 1U);
  const std::vector<std::uint64_t> darts(kThrows, kDarts);

  const std::vector<std::uint64_t> hits = any.map_sync(tour::hits, seeds, darts);
  const std::uint64_t all = any.reduce(tour::add, hits);

  const double pi = 4 * static_cast<double>(all) / static_cast<double>(kThrows * kDarts);
  std::cout << "pi is about " << pi << '\n';
  tour::check(hits.size() == seeds.size(), "a map gives one result for each argument");
  tour::check(all == std::accumulate(hits.begin(), hits.end(), std::uint64_t{0}),
              "reduce added them up");
  tour::check(std::abs(pi - std::numbers::pi) < 0.01, "and it is pi");
}

}  // namespace

int main() {
  return tour::on_cluster(2, show);
}
