// Types and tasks that the tests of what can be sent use; sendable_test.cpp registers them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <roundhouse/serialize.hpp>

namespace sendable {

// A plain struct: ranges of it travel as their bytes.
struct Particle {
  double x;
  std::int32_t charge;
  std::int32_t kind;
  friend bool operator==(const Particle&, const Particle&) = default;
};

struct Extent {
  std::size_t rows = 0;
  std::size_t columns = 0;
  MSGPACK_DEFINE(rows, columns)
  friend bool operator==(const Extent&, const Extent&) = default;
};

// A small header and one large buffer.
class Matrix {
 public:
  Matrix() = default;

  Matrix(Extent extent, std::vector<double> cells) : extent_(extent), cells_(std::move(cells)) {}

  [[nodiscard]] const Extent& extent() const { return extent_; }

  [[nodiscard]] const std::vector<double>& cells() const { return cells_; }

  friend bool operator==(const Matrix&, const Matrix&) = default;

 private:
  Extent extent_;
  std::vector<double> cells_;
};

// Two buffers, kept as they come.
struct Signal {
  std::string name;
  roundhouse::Array<float> left;
  roundhouse::Array<float> right;
  friend bool operator==(const Signal&, const Signal&) = default;
};

struct Experiment {
  int number = 0;
  Matrix matrix;
  MSGPACK_DEFINE(number, matrix)
  friend bool operator==(const Experiment&, const Experiment&) = default;
};

inline Matrix transposed(const Matrix& matrix) {
  const auto [rows, columns] = matrix.extent();
  std::vector<double> cells(rows * columns);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) cells[c * rows + r] = matrix.cells()[r * columns + c];
  return {{columns, rows}, std::move(cells)};
}

// Where the task finds what it was given.
template <class T>
std::uint64_t address(const T* memory) {
  return reinterpret_cast<std::uintptr_t>(memory);
}

inline std::uint64_t address_of_text(std::string_view text) {
  return address(text.data());
}

inline std::uint64_t address_of_span(std::span<const std::byte> bytes) {
  return address(bytes.data());
}

inline std::uint64_t address_of_array(const roundhouse::Array<Particle>& particles) {
  return address(particles.data());
}

inline std::uint64_t address_of_signal(const Signal& signal) {
  return address(signal.right.data());
}

}  // namespace sendable

template <>
struct roundhouse::BufferTraits<sendable::Matrix> {
  static sendable::Extent head(const sendable::Matrix& matrix) { return matrix.extent(); }

  static std::span<const double> buffers(const sendable::Matrix& matrix) { return matrix.cells(); }

  static sendable::Matrix make(sendable::Extent extent, const Array<double>& cells) {
    if (cells.size() != extent.rows * extent.columns)
      throw std::runtime_error("a matrix with another number of cells than it says");
    return {extent, {cells.begin(), cells.end()}};
  }
};

template <>
struct roundhouse::BufferTraits<sendable::Signal> {
  static const std::string& head(const sendable::Signal& signal) { return signal.name; }

  static std::tuple<Array<float>, Array<float>> buffers(const sendable::Signal& signal) {
    return {signal.left, signal.right};
  }

  static sendable::Signal make(std::string name, Array<float> left, Array<float> right) {
    return {std::move(name), std::move(left), std::move(right)};
  }
};
