#include "tests/modules/data_tasks.hpp"

#include <numeric>

#include <roundhouse/task.hpp>

namespace data_tasks {

namespace rh = roundhouse;

rh::Array<double> setter(rh::Array<double> a) {
  a.edit()[0] = 1;
  return a;
}

rh::Array<double> careful_setter(rh::Array<double> a) {
  if (!a.writeable()) a = a.copy();
  a.edit()[0] = 1;
  return a;
}

rh::Array<double> doubled_array(const rh::Array<double>& x) {
  rh::Array<double> out = x.copy();
  for (double& value : out.edit()) value *= 2;
  return out;
}

void scale(std::vector<double>& values, double factor) {
  for (double& value : values) value *= factor;
}

double total(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

int global_a() {
  return rh::this_engine::get<const int>("a");
}

std::uint64_t look_at(const rh::Array<std::byte>& bytes) {
  if (bytes.empty()) return 0;
  return bytes.size() + std::to_integer<std::uint64_t>(bytes[0]) +
         std::to_integer<std::uint64_t>(bytes[bytes.size() - 1]);
}

}  // namespace data_tasks

RH_TASK(data_tasks::setter)
RH_TASK(data_tasks::careful_setter)
RH_TASK(data_tasks::doubled_array)
RH_TASK(data_tasks::scale)
RH_TASK(data_tasks::total)
RH_TASK(data_tasks::global_a)
RH_TASK(data_tasks::look_at)
