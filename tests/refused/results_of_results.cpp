// Calls that a compiler must refuse, one per RH_CASE, and 0, which it must take.
#include <map>
#include <vector>

#include <roundhouse/roundhouse.hpp>

namespace rh = roundhouse;

int twice(int value);
rh::AsyncResult<int> later(int value);

void calls(const rh::EngineView& view, const rh::AsyncResult<int>& result) {
  [[maybe_unused]] const std::vector<rh::AsyncResult<int>> several{result, result};
#if RH_CASE == 0
  view.apply_async(twice, result.get());
#elif RH_CASE == 1
  view.apply_async(twice, result);
#elif RH_CASE == 2
  view.apply_async<int>("twice", result);
#elif RH_CASE == 3
  view.apply_async<int>("total", several);
#elif RH_CASE == 4
  view.apply_async<int>("total", std::map<std::string, rh::AsyncResult<int>>{{"a", result}});
#elif RH_CASE == 5
  view.push("name", result);
#elif RH_CASE == 6
  (void)view.apply_async(later, 1).get();
#endif
}
