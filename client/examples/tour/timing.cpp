// Where time goes: how far a map is, what each task took and where, and what running side by side
// gained.
#include <chrono>
#include <iostream>
#include <set>
#include <vector>

#include "tour.hpp"
#include "tour_tasks.hpp"

namespace {

constexpr int kNap = 50;  // milliseconds
constexpr std::size_t kNaps = 12;

void show(const rh::Cluster& cluster) {
  const rh::Client client = cluster.connect();
  const auto any = client.load_balanced_view().with({.label = "naps", .chunk_size = 1});

  const auto running = any.map_async(tour::nap, std::vector<int>(kNaps, kNap));
  while (!running.wait(std::chrono::milliseconds{kNap}))
    std::cout << running.progress() << " of " << running.task_count() << " after "
              << running.elapsed().count() << " s\n";
  tour::check(running.successful() && running.progress() == kNaps, "all are done");

  std::set<int> engines;
  for (const rh::Metadata& task : running.metadata()) {
    engines.insert(task.engine_id.value());
    tour::check(task.duration >= std::chrono::milliseconds{kNap} &&
                    task.started <= task.completed && task.submitted <= task.received,
                task.function + " ran on engine " + std::to_string(*task.engine_id) + " for " +
                    to_string(task["duration"]) + ", labelled " + to_string(task["label"]));
  }
  tour::check(engines.size() == client.size(), "every engine had its part");

  const double serial = running.serial_time().count();
  const double wall = running.wall_time().count();
  std::cout << serial << " s of work in " << wall << " s: " << serial / wall << " times as fast\n";
  tour::check(serial >= kNaps * kNap / 1000.0, "serial_time is what the engines took together");
  tour::check(wall * static_cast<double>(engines.size()) >= serial,
              "wall_time, from the call to the last result, has its limit in their number");
  tour::check(running.elapsed() == running.wall_time(),
              "and elapsed stands still when all is done");
}

}  // namespace

int main() {
  return tour::on_cluster(3, show);
}
