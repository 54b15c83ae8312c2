// The same module in two builds: RH_BUILD tells them apart. Each has a function of the same name
// and one of its own.
#include <string>

#include <roundhouse/task.hpp>

namespace shipped {

int which() {
  return RH_BUILD;
}

int add(int a, int b) {
  return a + b + 1000 * RH_BUILD;
}

// Counts its own calls: two builds share no variable.
int calls() {
  static int count = 0;
  return ++count;
}

#if RH_BUILD == 1
int only_in_one() {
  return 11;
}
#else
std::string only_in_two() {
  return "22";
}
#endif

}  // namespace shipped

RH_TASK(shipped::which)
RH_TASK(shipped::add)
RH_TASK(shipped::calls)
#if RH_BUILD == 1
RH_TASK(shipped::only_in_one)
#else
RH_TASK(shipped::only_in_two)
#endif
