// How a piece of a map travels: as a task whose function is named "map:" and the name of the
// function, with the function's own signature, and whose arguments are encode_map_arguments(). An
// engine finds the function by the name behind the prefix and runs TaskInfo::invoke_map.
#pragma once

#include <string_view>

namespace roundhouse {

inline constexpr std::string_view kMapPrefix = "map:";

}  // namespace roundhouse
