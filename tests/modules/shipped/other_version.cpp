// A module of another version of Roundhouse: its interface has a number that this one never had,
// and nothing behind it may be looked at.
#include <roundhouse/task.hpp>

extern "C" [[gnu::visibility("default")]] const roundhouse::ModuleInfo* roundhouse_module() {
  static const roundhouse::ModuleInfo info{
      roundhouse::kModuleAbiVersion + 41, nullptr, nullptr, nullptr, nullptr, nullptr};
  return &info;
}
