#include "tour_tasks.hpp"

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <numeric>
#include <random>
#include <thread>

#include <roundhouse/roundhouse.hpp>
#include <roundhouse/task.hpp>

namespace rh = roundhouse;

namespace tour {

std::uint64_t hits(std::uint32_t seed, std::uint64_t darts) {
  std::minstd_rand random(seed);
  std::uniform_real_distribution<double> place(-1, 1);
  std::uint64_t hits = 0;
  for (std::uint64_t i = 0; i < darts; ++i) hits += std::hypot(place(random), place(random)) < 1;
  return hits;
}

std::uint64_t add(std::uint64_t a, std::uint64_t b) {
  return a + b;
}

double root(double x) {
  if (x < 0) throw std::domain_error("no root of " + std::to_string(x));
  return std::sqrt(x);
}

void crash() {
  std::abort();
}

int nap(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds{milliseconds});
  return milliseconds;
}

int collatz(std::uint64_t n) {
  int steps = 0;
  for (; n > 1; ++steps) n = n % 2 == 0 ? n / 2 : 3 * n + 1;
  return steps;
}

double sum(std::span<const double> samples) {
  return std::accumulate(samples.begin(), samples.end(), 0.0);
}

std::vector<double> scaled(const std::vector<double>& samples, double factor) {
  std::vector<double> out = samples;
  scale(out, factor);
  return out;
}

void scale(std::vector<double>& samples, double factor) {
  for (double& x : samples) x *= factor;
}

double keep_mean(rh::Namespace& engine, const std::string& name) {
  const auto& samples = engine.get<const std::vector<double>>(name);
  const double mean = sum(samples) / static_cast<double>(samples.size());
  engine.set("mean", mean);
  return mean;
}

rh::Array<double> doubled(const rh::Array<double>& samples) {
  rh::Array<double> out = samples.copy();
  for (double& x : out.edit()) x *= 2;
  return out;
}

Path mirrored(Path path) {
  for (Point& point : path.points) point.x = -point.x;
  return path;
}

Path polygon(const Drawing& how) {
  Path path{.name = how.name, .points = {}};
  for (int i = 0; i < how.sides; ++i) {
    const double angle = 2 * std::numbers::pi * i / how.sides;
    path.points.push_back({.x = how.radius * std::cos(angle), .y = how.radius * std::sin(angle)});
  }
  return path;
}

Image inverted(const Image& image) {
  rh::Array<float> cells = image.cells().copy();
  for (float& cell : cells.edit()) cell = 1 - cell;
  return {image.width(), std::move(cells)};
}

std::uint64_t fibonacci(unsigned n) {
  if (n < 2) return n;
  const auto any = rh::this_engine::client().load_balanced_view();
  const auto one = any.apply_async(fibonacci, n - 1);
  const auto other = any.apply_async(fibonacci, n - 2);
  return one.get() + other.get();
}

double sum_of_roots(const std::vector<int>& numbers) {
  const auto any = rh::this_engine::client().load_balanced_view();
  double out = 0;
  for (const double each : any.map_async(root, numbers)) out += each;
  return out;
}

RH_TASK(hits)
RH_TASK(add)
RH_TASK(root)
RH_TASK(crash)
RH_TASK(nap)
RH_TASK(collatz)
RH_TASK(sum)
RH_TASK(scaled)
RH_TASK(scale)
RH_TASK(keep_mean)
RH_TASK(doubled)
RH_TASK(mirrored)
RH_TASK(polygon)
RH_TASK(inverted)
RH_TASK(fibonacci)
RH_TASK(sum_of_roots)

}  // namespace tour
