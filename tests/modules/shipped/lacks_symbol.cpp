// A module that was linked without what it needs.
#include <roundhouse/task.hpp>

int nobody_has_this_function(int value);

namespace {

int calls_it(int value) {
  return nobody_has_this_function(value);
}

}  // namespace

RH_TASK(calls_it)
RH_MODULE("lacks_symbol")
