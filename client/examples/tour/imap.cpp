// A map without an end: elements are made as results are taken, the quickest result first.
//
// imap takes any input range. Here it is one that would never be over; at no time are there more
// tasks than the view's outstanding_max.
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <ranges>

#include "tour.hpp"
#include "tour_tasks.hpp"

namespace {

constexpr std::size_t kOutstandingMax = 8;
constexpr int kLongWay = 150;

void show(const rh::Cluster& cluster) {
  const rh::Client client = cluster.connect();
  const rh::LoadBalancedView any =
      client.load_balanced_view().with({.outstanding_max = kOutstandingMax});

  std::size_t made = 0;
  const auto make = [&made](std::uint64_t n) {
    ++made;
    return n;
  };
  auto numbers = std::views::iota(std::uint64_t{1}) | std::views::transform(make);

  // How many steps from a number down to 1: until one takes a long way.
  std::size_t taken = 0;
  int longest = 0;
  for (const int steps : any.imap(tour::collatz, numbers).unordered()) {
    ++taken;
    longest = std::max(longest, steps);
    if (longest >= kLongWay) break;
  }
  std::cout << taken << " results, of " << made << " numbers; the longest way is " << longest
            << " steps\n";
  tour::check(longest >= kLongWay, "the loop ends where it is left");
  tour::check(made <= taken + kOutstandingMax, "and hardly more was made than was needed");

  int sum = 0;
  for (const int steps : any.imap(tour::collatz, std::views::iota(1U, 7U))) sum = 10 * sum + steps;
  tour::check(sum == 17258, "in order, unless it is unordered");  // 0, 1, 7, 2, 5, 8
}

}  // namespace

int main() {
  return tour::on_cluster(2, show);
}
