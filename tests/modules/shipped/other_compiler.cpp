// A module of this version of Roundhouse that another compiler built: its C++ values are not ours.
#include <roundhouse/task.hpp>

extern "C" [[gnu::visibility("default")]] const roundhouse::ModuleInfo* roundhouse_module() {
  static const roundhouse::ModuleInfo info = [] {
    roundhouse::ModuleInfo out{};
    out.abi = "libother 7, 16-byte pointers";
    return out;
  }();
  return &info;
}
