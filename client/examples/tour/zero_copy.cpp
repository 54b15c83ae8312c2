// Large arrays without copies: what is sent as it lies in memory, and when it may be changed again.
//
// An rvalue is given away; rh::borrow lends; an rh::Array is shared, and read-only meanwhile. What
// is received is read-only, too: edit a copy().
#include <cstdint>
#include <utility>
#include <vector>

#include "tour.hpp"
#include "tour_tasks.hpp"

namespace {

constexpr std::size_t kCount = 1'000'000;  // 8 MB

void show(const rh::Cluster& cluster) {
  const rh::Client client = cluster.connect();
  const rh::EngineView engine = client[0];

  std::vector<double> given(kCount, 1.0);
  tour::check(engine.apply_sync(tour::sum, std::move(given)) == kCount, "an rvalue is given away");

  std::vector<double> lent(kCount, 2.0);
  const auto of_lent = engine.apply_async(tour::sum, rh::borrow(lent));
  of_lent.wait_on_send();
  lent.assign(kCount, 0.0);
  tour::check(of_lent.get() == 2 * kCount, "what is borrowed may be changed when it is sent");

  rh::Array<double> shared(std::vector<double>(kCount, 3.0));
  const auto of_shared = engine.with({.track = true}).apply_async(tour::doubled, shared);
  of_shared.wait_on_send();
  tour::check(of_shared.sent() && shared.writeable(),
              "a tracked Array can be edited when it is sent");
  shared.edit()[0] = 0;

  rh::Array<double> received = of_shared.get();
  tour::check(received.size() == kCount && received[0] == 6, "a result came as it was");
  tour::check(!received.writeable(), "and is read-only");
  try {
    received.edit()[0] = 0;
    tour::check(false, "edit() of it throws");
  } catch (const rh::ReadOnlyError&) {
    tour::check(true, "edit() of it throws a ReadOnlyError");
  }
  rh::Array<double> copy = received.copy();
  copy.edit()[0] = 7;
  tour::check(copy[0] == 7 && received[0] == 6, "a copy() can be edited");

  const rh::Array<double> small{1, 2, 3};
  tour::check(engine.apply_sync(tour::doubled, small) == rh::Array<double>{2, 4, 6},
              "small ones are written the same way, and copied: that is quicker");
}

}  // namespace

int main() {
  return tour::on_cluster(1, show);
}
