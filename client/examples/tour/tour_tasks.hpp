// The module tour_tasks: what engines can do for the programs of the tour.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <roundhouse/array.hpp>
#include <roundhouse/buffers.hpp>
#include <roundhouse/namespace.hpp>
#include <roundhouse/serialize.hpp>

namespace tour {

// Throws so many darts at a square; returns how many hit the circle in it.
std::uint64_t hits(std::uint32_t seed, std::uint64_t darts);
std::uint64_t add(std::uint64_t a, std::uint64_t b);

// Throws std::domain_error for what has no root.
double root(double x);
// Takes its engine down.
void crash();
// Does nothing for so long, and returns that.
int nap(int milliseconds);
// How many steps n takes down to 1, by halving what is even and 3n + 1 of what is odd.
int collatz(std::uint64_t n);

double sum(std::span<const double> samples);
std::vector<double> scaled(const std::vector<double>& samples, double factor);
// In place.
void scale(std::vector<double>& samples, double factor);
// Of the engine's samples of this name; leaves it there as "mean".
double keep_mean(roundhouse::Namespace& engine, const std::string& name);
// The same elements, in an Array that came and one that is made here.
roundhouse::Array<double> doubled(const roundhouse::Array<double>& samples);

// A struct that travels by its members.
struct Point {
  double x = 0;
  double y = 0;
  friend bool operator==(const Point&, const Point&) = default;
  MSGPACK_DEFINE(x, y)
};

// A struct of a struct, and of what the standard library has.
struct Path {
  std::string name;
  std::vector<Point> points;
  MSGPACK_DEFINE(name, points)
};

Path mirrored(Path path);

// Keyword arguments: each has its default.
struct Drawing {
  int sides = 4;
  double radius = 1;
  std::string name = "polygon";
  MSGPACK_DEFINE(sides, radius, name)
};

Path polygon(const Drawing& how);

// A type with a buffer: its cells travel as they are.
class Image {
 public:
  Image() = default;

  // Throws std::invalid_argument when they do not fill the lines.
  Image(std::uint32_t width, roundhouse::Array<float> cells)
      : width_(width), cells_(std::move(cells)) {
    if (width == 0 || cells_.size() % width != 0)
      throw std::invalid_argument("an image has whole lines");
  }

  [[nodiscard]] std::uint32_t width() const { return width_; }

  [[nodiscard]] const roundhouse::Array<float>& cells() const { return cells_; }

 private:
  std::uint32_t width_ = 0;
  roundhouse::Array<float> cells_;
};

Image inverted(const Image& image);

// By tasks of their own.
std::uint64_t fibonacci(unsigned n);
double sum_of_roots(const std::vector<int>& numbers);

}  // namespace tour

template <>
struct roundhouse::BufferTraits<tour::Image> {
  static std::uint32_t head(const tour::Image& image) { return image.width(); }

  static roundhouse::Array<float> buffers(const tour::Image& image) { return image.cells(); }

  static tour::Image make(std::uint32_t width, const roundhouse::Array<float>& cells) {
    return {width, cells};
  }
};
