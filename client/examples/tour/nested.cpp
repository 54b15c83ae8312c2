// Tasks that submit tasks and wait for them.
//
// A task has a client of the hub that its engine serves. While it waits its slot is another task's,
// so that nested work comes to its end however few engines there are: here it is one, with one
// slot.
#include <vector>

#include "tour.hpp"
#include "tour_tasks.hpp"

namespace {

void show(const rh::Cluster& cluster) {
  const rh::Client client = cluster.connect();
  const rh::LoadBalancedView any = client.load_balanced_view();

  tour::check(any.apply_sync(tour::fibonacci, 8U) == 21,
              "a task submits two more, which submit more in turn, and adds up what they give");
  tour::check(client.ids().size() == 1, "all of it on one engine");

  const std::vector<int> numbers{1, 2, 3, 4};
  tour::check(any.apply_sync(tour::sum_of_roots, numbers) > 6.1, "a map works in a task, too");
}

}  // namespace

int main() {
  return tour::on_cluster(1, show);
}
