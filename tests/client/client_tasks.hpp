// The tasks that the tests of the client library call; view_test.cpp registers them.
#pragma once

#include <cstddef>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

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

inline int not_registered(int x) {
  return x;
}

}  // namespace client_test
