// Lambdas that a compiler must refuse, one per RH_CASE, and 0, which it must take.
#include <memory>

#include <roundhouse/roundhouse.hpp>

namespace rh = roundhouse;

void calls(const rh::EngineView& view) {
  [[maybe_unused]] int factor = 2;
  [[maybe_unused]] auto held = std::make_unique<int>(2);
#if RH_CASE == 0
  view.apply_sync(RH_LAMBDA([](int x) { return 2 * x; }), 1);
#elif RH_CASE == 1
  view.apply_sync(RH_LAMBDA([factor](int x) { return factor * x; }), 1);
#elif RH_CASE == 2
  view.apply_sync(RH_LAMBDA([&](int x) { return factor * x; }), 1);
#elif RH_CASE == 3
  view.apply_sync(RH_LAMBDA([held = 3](int x) { return held * x; }), 1);
#elif RH_CASE == 4
  view.apply_sync(RH_LAMBDA([](auto x) { return 2 * x; }), 1);
#elif RH_CASE == 5
  view.apply_sync(RH_LAMBDA(factor), 1);
#elif RH_CASE == 6
  view.apply_sync(RH_LAMBDA([](int x) { return &x; }), 1);
#endif
}
