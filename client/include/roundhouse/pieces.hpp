// Cutting ranges into pieces, for maps. Not for programs.
//
// Thread rule: plain functions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <ranges>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <roundhouse/arguments.hpp>

namespace roundhouse::detail {

// Part of a range.
template <class Iterator>
class Piece {
 public:
  Piece(Iterator first, Iterator last) : first_(first), last_(last) {}

  [[nodiscard]] Iterator begin() const { return first_; }

  [[nodiscard]] Iterator end() const { return last_; }

 private:
  Iterator first_;
  Iterator last_;
};

// The next `size` elements of a range that is walked through; `from` moves behind them.
template <class Iterator>
Piece<Iterator> take_piece(Iterator& from, std::size_t size) {
  const Iterator first = from;
  std::ranges::advance(from, static_cast<std::iter_difference_t<Iterator>>(size));
  return {first, from};
}

// Packs the pieces of ranges that are walked together, each into a message of its own.
template <class... P, class... Ranges>
std::vector<Encoded> encode_pieces(std::span<const std::size_t> sizes, Ranges&... ranges) {
  std::vector<Encoded> out(sizes.size());
  auto next = std::make_tuple(std::ranges::begin(ranges)...);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    std::apply(
        [&](auto&... at) { encode_map_arguments<P...>(out[i], take_piece(at, sizes[i])...); },
        next);
  }
  return out;
}

// How many calls a map over these ranges is: the shortest decides.
template <class... Ranges>
std::size_t shortest(Ranges&... ranges) {
  return std::min({static_cast<std::size_t>(std::ranges::distance(ranges))...});
}

}  // namespace roundhouse::detail
