// Functions bound to a view: called like any other, and run on engines.
//
// remote: the call goes to the view as it is. parallel: a function of lists, each engine gets a
// piece of them; what the pieces give is joined.
#include <vector>

#include "tour.hpp"
#include "tour_tasks.hpp"

namespace {

using Samples = std::vector<double>;

void show(const rh::Cluster& cluster) {
  const rh::Client client = cluster.connect();

  const auto root = client.load_balanced_view().remote(tour::root);
  const rh::AsyncResult<double> later = root(4);
  tour::check(later.get() == 2, "a remote function gives an AsyncResult");
  tour::check(root.sync(9) == 3, "or, as sync, the value");
  tour::check(root.map(Samples{1, 4, 9}).get() == Samples{1, 2, 3}, "and can be mapped");

  const rh::DirectView all = client[rh::all];
  const auto everywhere = all.remote(tour::root);
  tour::check(everywhere.sync(16) == Samples{4, 4, 4}, "on a view of several engines by each");

  const auto scaled = all.parallel(tour::scaled);
  const auto running = scaled(Samples{1, 2, 3, 4, 5}, 10.0);
  tour::check(running.get() == Samples{10, 20, 30, 40, 50},
              "a parallel function has its lists cut, and its results joined");
  tour::check(running.task_count() == client.size(), "one piece on each engine");

  const auto sum = all.parallel(tour::sum);
  tour::check(sum.sync(Samples{1, 2, 3, 4, 5, 6}) == Samples{3, 7, 11},
              "one that returns no list gives the result of each piece");

  const auto by_name = all.remote<double(double)>("root");
  tour::check(by_name.sync(25) == Samples{5, 5, 5}, "functions may be named, too, with their type");
}

}  // namespace

int main() {
  return tour::on_cluster(3, show);
}
