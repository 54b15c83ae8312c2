// CORE. What somebody may have meant by a name that nobody has. Plain functions; any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace roundhouse {

// How many letters have to be changed, added or removed to make one of the other.
[[nodiscard]] std::size_t spelling_distance(std::string_view a, std::string_view b);

// Whether `known` may be what was meant by `name`: nearly the same letters. False for long names,
// which would take long to compare.
[[nodiscard]] bool nearly_the_same(std::string_view name, std::string_view known);

}  // namespace roundhouse
