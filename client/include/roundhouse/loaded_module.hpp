// What an engine answers when it was asked to load a module: see modules.hpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <roundhouse/serialize.hpp>

namespace roundhouse {

struct LoadedModule {
  std::string build;    // 64 hexadecimal digits
  std::string name;     // as given to roundhouse_add_module()
  std::string version;  // of the Roundhouse that it was built with
  std::vector<std::string> tasks;

  MSGPACK_DEFINE(build, name, version, tasks)
};

// The task that answers for a module. It has no arguments; the build is that of its template.
inline constexpr std::string_view kLoadTask = "roundhouse.load";

}  // namespace roundhouse
