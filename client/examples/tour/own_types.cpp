// Types of your own as arguments and results.
//
// MSGPACK_DEFINE names the members that travel. A function whose one parameter is a struct is
// called with keyword arguments. rh::BufferTraits teaches a class with a buffer to travel without a
// copy.
#include <string>
#include <utility>
#include <vector>

#include "tour.hpp"
#include "tour_tasks.hpp"

namespace {

void show(const rh::Cluster& cluster) {
  const rh::Client client = cluster.connect();
  const rh::LoadBalancedView any = client.load_balanced_view();

  const tour::Path path{.name = "way", .points = {{.x = 1, .y = 2}, {.x = 3, .y = 4}}};
  const tour::Path back = any.apply_sync(tour::mirrored, path);
  tour::check(back.name == "way" && back.points == std::vector<tour::Point>{{-1, 2}, {-3, 4}},
              "a struct with MSGPACK_DEFINE travels, with the structs in it");

  const tour::Path square = any.apply_sync(tour::polygon, {});
  const tour::Path large = any.apply_sync(tour::polygon, {.sides = 6, .radius = 10});
  tour::check(square.points.size() == 4, "keyword arguments have defaults");
  tour::check(large.points.size() == 6 && large.points[0].x == 10 && large.name == "polygon",
              "and are given by name");

  const std::vector<tour::Drawing> drawings{{.name = "a"}, {.sides = 3, .name = "b"}};
  const std::vector<tour::Path> drawn = any.map_sync(tour::polygon, drawings);
  tour::check(drawn[0].name == "a" && drawn[1].points.size() == 3, "structs can be mapped");

  tour::Image image(640, rh::Array<float>(std::vector<float>(640 * 480, 0.25F)));
  const tour::Image inverted = any.apply_sync(tour::inverted, std::move(image));
  tour::check(inverted.width() == 640 && inverted.cells().size() == 640 * 480 &&
                  inverted.cells()[0] == 0.75F,
              "a class with BufferTraits travels with its buffer");
  tour::check(!inverted.cells().writeable(), "which is a view of the bytes that came");
}

}  // namespace

int main() {
  return tour::on_cluster(2, show);
}
