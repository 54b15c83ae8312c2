#include "tests/modules/typed_tasks.hpp"

#include <numeric>
#include <stdexcept>

#include <roundhouse/task.hpp>

namespace typed_tasks {

namespace rh = roundhouse;

int add(int a, const int& b) {
  return a + b;
}

void nothing() {}

Survey survey(const std::string& path, std::uint64_t lines) {
  return {path, lines, {"a", "b"}};
}

double sum_array(const rh::Array<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

double sum_span(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): one parameter is taken by value
bool array_is_writeable(rh::Array<double> values) {
  return values.writeable();
}

std::string repeat(std::string_view text, unsigned times) {
  std::string out;
  for (unsigned i = 0; i < times; ++i) out += text;
  return out;
}

void scale(std::vector<double>& values, double factor) {
  for (double& value : values) value *= factor;
}

void scale_named(const std::string& name, double factor) {
  scale(rh::this_engine::get<std::vector<double>>(name), factor);
}

void keep(const std::string& name, std::span<const double> values) {
  rh::this_engine::set(name, values);
  rh::this_engine::set(name + " as text", "kept");
}

double mean_of(rh::Namespace& engine, const std::string& name) {
  const auto& values = engine.get<const std::vector<double>>(name);
  return sum_span(values) / static_cast<double>(values.size());
}

double offset_by(rh::Namespace& engine, double value) {
  return value + engine.get<const double>("offset");
}

void set_offset(rh::Namespace& engine, double offset) {
  if (engine.has("offset")) throw std::logic_error("there is an offset");
  engine.set("offset", offset);
}

std::vector<std::string> kept_names() {
  rh::this_engine::progress(0.5, "half way");
  return rh::this_engine::names();
}

std::vector<double> ramp(std::size_t size) {
  std::vector<double> out(size);
  std::iota(out.begin(), out.end(), 0.0);
  return out;
}

bool invert(bool value) {
  return !value;
}

int fail(const std::string& text) {
  throw std::runtime_error(text);
}

int fail_with_cause() {
  try {
    return fail("the cause");
  } catch (...) {
    std::throw_with_nested(std::logic_error("the effect"));
  }
}

int fail_with_number(int number) {
  throw number;
}

std::uint32_t engine_id() {
  return rh::this_engine::id();
}

int count_until_stopped(int most) {
  int count = 0;
  while (count < most && !rh::this_engine::stop_requested()) ++count;
  return count;
}

RH_TASK(add)
RH_TASK(nothing)
RH_TASK(survey)
RH_TASK(fail)
RH_TASK(fail_with_cause)
RH_TASK(fail_with_number)
RH_TASK(engine_id)
RH_TASK(count_until_stopped)
RH_TASK(mean_of)
RH_TASK(offset_by)
RH_TASK(set_offset)

}  // namespace typed_tasks

RH_TASK(typed_tasks::sum_array)
RH_TASK(typed_tasks::sum_span)
RH_TASK(::typed_tasks::array_is_writeable)
RH_TASK(typed_tasks::repeat)
RH_TASK(typed_tasks::scale)
RH_TASK(typed_tasks::scale_named)
RH_TASK(typed_tasks::keep)
RH_TASK(typed_tasks::kept_names)
RH_TASK(typed_tasks::ramp)
RH_TASK(typed_tasks::invert)
