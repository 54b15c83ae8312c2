// How scatter deals a range out to engines, and gather puts it together again.
//
//   all.scatter("samples", samples);                     // contiguous pieces
//   all.scatter("samples", samples, rh::round_robin);    // 0, n, 2n, ... to the first of n engines
//   all.scatter("rank", all.targets(), rh::flatten);     // pieces of one element as that element
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <ranges>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <roundhouse/arguments.hpp>
#include <roundhouse/array.hpp>
#include <roundhouse/borrow.hpp>
#include <roundhouse/calls.hpp>

namespace roundhouse {

enum class Distribution : std::uint8_t {
  block,       // contiguous pieces, as equal as can be, the larger ones first
  round_robin  // one element after the other, each to the next engine
};

inline constexpr Distribution round_robin = Distribution::round_robin;

// Pieces of just one element are given to the engine as that element, not as a list of one.
struct Flatten {};

inline constexpr Flatten flatten{};

namespace detail {

// The elements of one engine, packed as it will have them.
template <bool kFlatten, class T>
PackedValue pack_piece(std::vector<T> piece) {
  if constexpr (kFlatten) {
    if (piece.size() == 1) return pack_value(T(std::move(piece.front())));
  }
  return pack_value(std::move(piece));
}

// Memory that holds a range, for pieces that share it; nothing when they have to be copied.
template <class Range>
Buffer shared_memory(Range&& range) {
  using R = std::remove_cvref_t<Range>;
  if constexpr (kIsArray<R>) {
    return range.bytes();
  } else if constexpr (RawContainer<R> && std::is_same_v<Range, R>) {
    return Buffer::adopt(new RangeBlock<R>(std::move(range)));
  } else {
    return {};
  }
}

// Contiguous pieces of raw elements, each a view of the memory that `range` hands over.
template <class T>
std::vector<PackedValue> share_out(const Buffer& whole, const std::vector<std::size_t>& sizes) {
  std::vector<PackedValue> out;
  const char* at = whole.data();
  for (const std::size_t size : sizes) {
    const std::string_view part(at, size * sizeof(T));
    at += part.size();
    out.push_back(pack_value(Array<T>::view_of(Buffer::adopt(new PartBlock(whole, part)))));
  }
  return out;
}

// One element after the other, each to the next of `pieces`.
template <class T, class Range>
std::vector<std::vector<T>> deal(Range&& range, std::size_t pieces) {
  std::vector<std::vector<T>> out(pieces);
  std::size_t next = 0;
  for (auto&& element : range) {
    out[next].push_back(static_cast<T>(std::forward<decltype(element)>(element)));
    next = next + 1 == pieces ? 0 : next + 1;
  }
  return out;
}

// Cuts a range into as many values as there are engines. Precondition: pieces > 0.
template <bool kFlatten, std::ranges::input_range Range>
std::vector<PackedValue> pack_pieces(Range&& range, std::size_t pieces, Distribution how) {
  using T = std::ranges::range_value_t<Range>;
  std::vector<PackedValue> out;
  if (how == Distribution::round_robin) {
    for (std::vector<T>& piece : deal<T>(range, pieces))
      out.push_back(pack_piece<kFlatten>(std::move(piece)));
  } else if constexpr (!std::ranges::forward_range<Range>) {
    std::vector<T> all;
    for (auto&& element : range) all.push_back(std::forward<decltype(element)>(element));
    return pack_pieces<kFlatten>(std::move(all), pieces, how);
  } else {
    const auto sizes = equal_pieces(static_cast<std::size_t>(std::ranges::distance(range)), pieces);
    if constexpr (!kFlatten && ArrayElement<T>) {
      if (const Buffer whole = shared_memory(std::forward<Range>(range)))
        return share_out<T>(whole, sizes);
    }
    auto next = std::ranges::begin(range);
    for (const std::size_t size : sizes) {
      std::vector<T> piece;
      piece.reserve(size);
      for (std::size_t i = 0; i < size; ++i, ++next) piece.push_back(*next);
      out.push_back(pack_piece<kFlatten>(std::move(piece)));
    }
  }
  return out;
}

// The same of memory that the caller keeps; only contiguous pieces need no copy.
template <bool kFlatten, class Range>
std::vector<PackedValue> pack_pieces(Borrowed<Range> lent, std::size_t pieces, Distribution how) {
  using T = std::ranges::range_value_t<const Range>;
  if constexpr (!kFlatten && std::ranges::contiguous_range<const Range> && ArrayElement<T>) {
    if (how == Distribution::block) {
      const std::span<const T> all(std::ranges::data(*lent.value), std::ranges::size(*lent.value));
      std::vector<PackedValue> out;
      std::size_t at = 0;
      for (const std::size_t size : equal_pieces(all.size(), pieces)) {
        const std::span<const T> piece = all.subspan(at, size);
        out.push_back(pack_value(borrow(piece)));
        at += size;
      }
      return out;
    }
  }
  return pack_pieces<kFlatten>(*lent.value, pieces, how);
}

// Pieces that engines had, as one range again: the reverse of the above.
template <class T>
std::vector<T> join_pieces(std::vector<std::vector<T>> pieces, Distribution how) {
  std::vector<T> out;
  if (how == Distribution::block) {
    for (std::vector<T>& piece : pieces)
      out.insert(out.end(), std::make_move_iterator(piece.begin()),
                 std::make_move_iterator(piece.end()));
    return out;
  }
  bool more = true;
  for (std::size_t row = 0; more; ++row) {
    more = false;
    for (std::vector<T>& piece : pieces) {
      if (row >= piece.size()) continue;
      out.push_back(T(std::move(piece[row])));
      more = true;
    }
  }
  return out;
}

}  // namespace detail

}  // namespace roundhouse
