#pragma once

// Tasks for the tests of data movement: they edit, look at and change what they are given.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <roundhouse/array.hpp>

namespace data_tasks {

// Edits the array in place, which a received one refuses.
roundhouse::Array<double> setter(roundhouse::Array<double> a);
// Copies it first when it is read-only.
roundhouse::Array<double> careful_setter(roundhouse::Array<double> a);
roundhouse::Array<double> doubled_array(const roundhouse::Array<double>& x);
void scale(std::vector<double>& values, double factor);
double total(std::span<const double> values);
// The value of the engine's name `a`.
int global_a();
// How many bytes there are, plus the first and the last of them.
std::uint64_t look_at(const roundhouse::Array<std::byte>& bytes);

}  // namespace data_tasks
