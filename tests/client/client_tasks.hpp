// The tasks that the tests of the client library call; view_test.cpp registers them.
#pragma once

#include <cstddef>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <roundhouse/serialize.hpp>

namespace client_test {

inline int twice(int x) {
  return 2 * x;
}

inline std::string greet(const std::string& name, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += "hello " + name;
  return out;
}

inline void nothing() {}

inline int fails_on_odd(int x) {
  if (x % 2 != 0) throw std::runtime_error("odd: " + std::to_string(x));
  return x;
}

inline bool is_even(int x) {
  return x % 2 == 0;
}

inline double sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

inline std::vector<double> ramp(int size) {
  std::vector<double> out(static_cast<std::size_t>(size));
  std::iota(out.begin(), out.end(), 0.0);
  return out;
}

inline std::vector<double> doubled(const std::vector<double>& part) {
  std::vector<double> out;
  for (const double each : part) out.push_back(2 * each);
  return out;
}

inline std::vector<double> weighted(std::span<const double> values,
                                    const std::vector<double>& offsets, double factor) {
  std::vector<double> out;
  for (std::size_t i = 0; i < values.size(); ++i) out.push_back(factor * values[i] + offsets[i]);
  return out;
}

inline int add_up(int a, const int& b) {
  return a + b;
}

inline std::string join(std::string_view a, const std::string& b) {
  return std::string(a) + b;
}

inline bool both(bool a, bool b) {
  return a && b;
}

inline int add_small(int a, int b) {
  if (b > 10) throw std::runtime_error("too large");
  return a + b;
}

struct Training {
  double rate = 0.1;
  int steps = 100;
  std::string method = "adam";
  MSGPACK_DEFINE(rate, steps, method)
};

inline std::string train(const Training& how) {
  return std::to_string(how.rate) + " " + std::to_string(how.steps) + " " + how.method;
}

inline int not_registered(int x) {
  return x;
}

}  // namespace client_test
