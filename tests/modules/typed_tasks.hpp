#pragma once

// Tasks of the test module `typed_tasks`: one for each way of taking and giving values.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <roundhouse/array.hpp>
#include <roundhouse/namespace.hpp>
#include <roundhouse/serialize.hpp>

namespace typed_tasks {

struct Survey {
  std::string path;
  std::uint64_t lines = 0;
  std::vector<std::string> words;
  MSGPACK_DEFINE(path, lines, words)

  friend bool operator==(const Survey&, const Survey&) = default;
};

int add(int a, const int& b);
void nothing();
Survey survey(const std::string& path, std::uint64_t lines);
double sum_array(const roundhouse::Array<double>& values);
double sum_span(std::span<const double> values);
bool array_is_writeable(roundhouse::Array<double> values);
std::string repeat(std::string_view text, unsigned times);
void scale(std::vector<double>& values, double factor);  // changes its argument in place
void scale_named(const std::string& name, double factor);
void keep(const std::string& name, std::span<const double> values);
double mean_of(roundhouse::Namespace& engine, const std::string& name);  // of a named vector
double offset_by(roundhouse::Namespace& engine, double value);           // by the named "offset"
void set_offset(roundhouse::Namespace& engine, double offset);
std::vector<std::string> kept_names();  // and says how far it is
std::vector<double> ramp(std::size_t size);
bool invert(bool value);
int fail(const std::string& text);
int fail_with_cause();
int fail_with_number(int number);
std::uint32_t engine_id();
int count_until_stopped(int most);

}  // namespace typed_tasks
