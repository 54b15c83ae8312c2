// Order: tasks that run after others, where others ran, or when others have failed.
//
// A small graph: an archive is made on some engine; two looks are taken at it there; a report comes
// when both are done, and an alarm would if one of them had failed.
#include <chrono>
#include <iostream>
#include <vector>

#include "tour.hpp"
#include "tour_tasks.hpp"

namespace {

using namespace std::chrono_literals;

void show(const rh::Cluster& cluster) {
  const rh::Client client = cluster.connect();
  const rh::LoadBalancedView any = client.load_balanced_view();

  // Nothing of this waits: the hub keeps the order.
  const auto made = any.with({.label = "make"}).apply_async(tour::nap, 20);
  const rh::LoadBalancedView there = any.with({.follow = made});
  const auto left = there.apply_async(tour::root, 16.0);
  const auto right = there.apply_async(tour::root, 9.0);
  const auto report = any.with({.after = {left, right}}).apply_async(tour::add, 1U, 2U);
  const rh::Dependency trouble({left, right}, {.all = false, .success = false, .failure = true});
  const auto alarm = any.with({.after = trouble}).apply_async(tour::nap, 0);

  tour::check(report.get(30s) == 3, "the report came, after both looks");
  tour::check(left.metadata().engine_id == made.metadata().engine_id,
              "which were taken where the archive is");
  tour::check(report.metadata().started >= left.metadata().completed, "in this order");
  try {
    (void)alarm.get(30s);
  } catch (const rh::ImpossibleDependency& error) {
    std::cout << "  " << error.what() << '\n';
    tour::check(true, "there was no trouble, so there is no alarm");
  }

  // A failure goes on along the graph, to whoever asks for it.
  const auto bad = any.apply_async(tour::root, -1.0);
  const auto never = any.with({.after = bad}).apply_async(tour::nap, 0);
  const auto tidy = any.with({.after = rh::Dependency(never, {.success = true, .failure = true})})
                        .apply_async(tour::nap, 1);
  tour::check(tidy.get(30s) == 1, "what tidies up runs in any case");
  tour::check(!never.successful(), "and what needed the failed one never ran");

  // Not for longer than that.
  const auto late = any.with({.after = any.apply_async(tour::nap, 500), .timeout = 10ms})
                        .apply_async(tour::nap, 0);
  try {
    (void)late.get(30s);
  } catch (const rh::DependencyTimeout&) {
    tour::check(true, "nobody has to wait for ever");
  }
}

}  // namespace

int main() {
  return tour::on_cluster(2, show);
}
