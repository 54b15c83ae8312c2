// Which engines a view is about: rh::all, a list, or a slice.
//
//   client[rh::all]                      every engine there is at each call
//   client[{0, 2}]                       these two
//   client[rh::slice(0, rh::end, 2)]     every second one of those there are now
//
// Slices count along ids(), as Python's do: negative numbers from the end. Plain values.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

namespace roundhouse {

// Every engine alive at the time of each call.
struct All {};

inline constexpr All all{};

// The end of a slice: behind the last engine.
struct End {};

inline constexpr End end{};

struct IndexSlice {
  std::optional<int> start;  // nothing: from the first (or, going backwards, the last)
  std::optional<int> stop;   // excluded; nothing: to the end
  int step = 1;              // not 0

  // The positions it picks out of `size` things.
  [[nodiscard]] std::vector<std::size_t> positions(std::size_t size) const;
};

[[nodiscard]] inline IndexSlice slice(int start, int stop, int step = 1) {
  return {start, stop, step};
}

[[nodiscard]] inline IndexSlice slice(int start, End, int step = 1) {
  return {start, std::nullopt, step};
}

// Engines to choose from: all, those with these ids, or those at these positions. A view made from
// a slice keeps the engines that were there when it was made.
class Targets {
 public:
  Targets(All) {}

  Targets(int id) : ids_(std::vector<int>{id}) {}

  Targets(std::initializer_list<int> ids) : ids_(std::vector<int>(ids)) {}

  Targets(std::vector<int> ids) : ids_(std::move(ids)) {}

  Targets(IndexSlice slice) : slice_(slice) {}

  // The engines meant, out of `known` (ascending). Throws Exception: unknown_engine for an id that
  // is not among them, invalid for an empty list, an id that comes twice, or a step of 0.
  // Negative ids count from the end of `known`.
  [[nodiscard]] std::vector<int> resolve(const std::vector<int>& known) const;

  // The same, with what depends on `known` decided now: `all` stays as it is.
  [[nodiscard]] Targets frozen(const std::vector<int>& known) const;

  [[nodiscard]] bool is_all() const { return !ids_ && !slice_; }

  // The ids that were given; null for `all` and for a slice.
  [[nodiscard]] const std::vector<int>* ids() const { return ids_ ? &*ids_ : nullptr; }

 private:
  std::optional<std::vector<int>> ids_;
  std::optional<IndexSlice> slice_;
};

// The setting `targets` of a view, which may be left as it is: {.targets = {0, 2}}.
class TargetsOption {
 public:
  TargetsOption() = default;  // leaves it

  TargetsOption(Targets targets) : targets_(std::move(targets)) {}

  TargetsOption(All) : targets_(all) {}

  TargetsOption(int id) : targets_(id) {}

  TargetsOption(std::initializer_list<int> ids) : targets_(ids) {}

  TargetsOption(std::vector<int> ids) : targets_(std::move(ids)) {}

  TargetsOption(IndexSlice slice) : targets_(slice) {}

  [[nodiscard]] const std::optional<Targets>& get() const { return targets_; }

 private:
  std::optional<Targets> targets_;
};

}  // namespace roundhouse
