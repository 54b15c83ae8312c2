// Types of users' arguments, for the fuzz target that decodes any bytes as each of them, and for
// the writer of its corpus. An input is the number of a type, the number of frames, the frames,
// each behind its length (16 bits, little-endian), and the body.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <roundhouse/arguments.hpp>

namespace argument_types {

enum class Colour : std::int16_t { red, green };

// Travels as its bytes.
struct Particle {
  double x;
  std::int32_t charge;
  std::int32_t kind;
};

struct Point {
  int x = 0;
  int y = 0;
  MSGPACK_DEFINE(x, y)
};

struct Extent {
  std::uint32_t rows = 0;
  std::uint32_t columns = 0;
  MSGPACK_DEFINE(rows, columns)
};

// Exposes its buffers, and keeps those that it is made of.
struct Matrix {
  Extent extent;
  roundhouse::Array<double> cells;
  roundhouse::Array<char> title;
};

struct Shape {
  std::string name;
  std::vector<Point> corners;
  std::optional<Point> centre;
  roundhouse::Array<double> weights;
  std::variant<std::monostate, int, std::string, Point> tag;
  Matrix matrix;
  MSGPACK_DEFINE(name, corners, centre, weights, tag, matrix)
};

struct Named {
  int a = 7;
  std::map<std::string, double> b;
  MSGPACK_DEFINE_MAP(a, b)
};

using Types =
    std::tuple<bool, std::int8_t, std::uint64_t, float, double, std::string, std::u16string,
               std::vector<double>, std::vector<std::string>,
               std::vector<std::vector<std::int16_t>>, std::vector<bool>, std::vector<Colour>,
               std::vector<Particle>, std::array<int, 3>, roundhouse::Array<float>,
               roundhouse::Array<std::byte>, Matrix, std::vector<Matrix>, Point, Shape,
               std::vector<Shape>, Named, std::map<std::string, std::vector<double>>,
               std::optional<std::tuple<int, std::string>>,
               std::variant<int, std::string, std::vector<Point>>>;

// Numbers above those of the types.
inline constexpr std::uint8_t kArgumentList = 200;  // of a function
inline constexpr std::uint8_t kMapArguments = 201;
inline constexpr std::uint8_t kNamedValues = 202;
inline constexpr std::uint8_t kNames = 203;

template <class T, std::size_t I = 0>
constexpr std::uint8_t number_of() {
  if constexpr (std::is_same_v<std::tuple_element_t<I, Types>, T>) {
    return static_cast<std::uint8_t>(I);
  } else {
    return number_of<T, I + 1>();
  }
}

inline std::string input_of(std::uint8_t number, const roundhouse::Encoded& encoded) {
  std::string out{static_cast<char>(number), static_cast<char>(encoded.frames.size())};
  for (const roundhouse::Buffer& frame : encoded.frames) {
    out.push_back(static_cast<char>(frame.size()));
    out.push_back(static_cast<char>(frame.size() >> 8U));
    out.append(frame.view());
  }
  return out.append(encoded.body);
}

// The number of a type, and what is to be decoded as it. Any input is one.
inline std::pair<std::uint8_t, roundhouse::Encoded> read_input(std::string_view input) {
  std::pair<std::uint8_t, roundhouse::Encoded> out;
  const auto take = [&input](std::size_t size) {
    const std::string_view taken = input.substr(0, size);
    input.remove_prefix(taken.size());
    return taken;
  };
  const std::string_view head = take(2);
  if (head.size() < 2) return out;
  out.first = static_cast<std::uint8_t>(head[0]);
  for (unsigned i = 0; i < static_cast<std::uint8_t>(head[1]) % 8U; ++i) {
    const std::string_view length = take(2);
    if (length.size() < 2) break;
    const std::size_t size = static_cast<std::uint8_t>(length[0]) +
                             std::size_t{256} * static_cast<std::uint8_t>(length[1]);
    out.second.frames.push_back(roundhouse::Buffer::copy(take(size)));
  }
  out.second.body = input;
  return out;
}

}  // namespace argument_types

template <>
struct roundhouse::BufferTraits<argument_types::Matrix> {
  using Matrix = argument_types::Matrix;

  static argument_types::Extent head(const Matrix& matrix) { return matrix.extent; }

  static std::tuple<Array<double>, std::string_view> buffers(const Matrix& matrix) {
    return {matrix.cells, {matrix.title.data(), matrix.title.size()}};
  }

  static Matrix make(argument_types::Extent extent, Array<double> cells, Array<char> title) {
    return {extent, std::move(cells), std::move(title)};
  }
};
