// The hub remembers: what ran, how it ended, and the results, for clients that come later.
#include <chrono>
#include <string>
#include <vector>

#include "tour.hpp"
#include "tour_tasks.hpp"

namespace {

namespace f = rh::fields;

// A program that submits something and is gone. Returns the id of its last task.
std::string submit_and_leave(const rh::Cluster& cluster) {
  // When it goes it waits until the hub has its tasks, for so long at most.
  const rh::Client client =
      cluster.connect({.label = "the first", .linger = std::chrono::minutes{1}});
  const auto night = client.load_balanced_view().with({.label = "night"});
  (void)night.apply_async(tour::root, -1);
  (void)night.apply_async(tour::root, 49);
  tour::check(client.history().size() == 2, "a client knows its own tasks");
  return client.history()[-1];
}

void show(const rh::Cluster& cluster) {
  const std::string id = submit_and_leave(cluster);
  const rh::Client client = cluster.connect({.label = "the second"});

  const rh::AsyncResult<double> theirs = client.get_result<double>(id);
  tour::check(theirs.get() == 7, "another client gets the result, when it is there");
  tour::check(theirs.from_hub(), "from the hub, which kept it");

  const std::vector<std::string> all = client.hub_history();
  tour::check(all.size() == 2 && all.back() == id, "the hub knows all tasks, in order");
  (void)client.get_result<double>(all.front()).wait();

  const auto failed = client.db_query(
      {.where = f::status == "error" && f::label == "night", .order = rh::newest_first});
  tour::check(failed.size() == 1 && failed[0].error_value == "no root of -1.000000",
              "and can be asked for those that are like this or that");

  const rh::AsyncResult<double> again = client.resubmit<double>(id);
  tour::check(again.get() == 7 && again.msg_ids()[0] != id,
              "resubmit makes the same call once more, as a task of its own");

  tour::check(client.purge_results({.where = f::label == "night" && f::status == "error"}) == 1,
              "purge_results forgets what is like this or that");
  tour::check(client.hub_history().size() == 2, "and nothing else");
}

}  // namespace

int main() {
  return tour::on_cluster(1, show);
}
