// Iterating over results as they come. Programs see it through async_result.hpp.
//
// Thread rule: an iterator is used by one thread at a time.
#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <roundhouse/collect.hpp>
#include <roundhouse/pending.hpp>

namespace roundhouse::detail {

// One pass over the results of tasks that have one, or a list of them, each. Advancing waits for
// the next, and throws what became of its task when that failed; advancing once more goes on with
// the task behind it. Holds the results of one task.
template <class R>
class ResultIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = R;
  using difference_type = std::ptrdiff_t;
  using reference = typename std::vector<R>::const_reference;
  using pointer = const R*;

  ResultIterator(Pending tasks, bool ordered, Read<std::vector<R>> read)
      : cursor_(std::move(tasks), ordered), read_(read) {
    next_task();
  }

  reference operator*() const { return part_[at_]; }

  pointer operator->() const requires std::is_same_v<reference, const R&> { return &part_[at_]; }

  ResultIterator& operator++() {
    if (++at_ >= part_.size()) next_task();
    return *this;
  }

  void operator++(int) { ++*this; }

  friend bool operator==(const ResultIterator& i, std::default_sentinel_t) { return i.over_; }

 private:
  void next_task() {
    do {
      part_.clear();
      at_ = 0;
      const std::optional<std::size_t> index = cursor_.next();
      if (!index) {
        over_ = true;
        return;
      }
      cursor_.tasks().check(*index);
      part_ = read_(cursor_.tasks(), *index);
    } while (part_.empty());
  }

  TaskCursor cursor_;
  Read<std::vector<R>> read_;
  bool over_ = false;
  std::vector<R> part_;
  std::size_t at_ = 0;
};

// Results as they come, for a range-based for.
template <class R>
class UnorderedResults {
 public:
  UnorderedResults(Pending tasks, Read<std::vector<R>> read)
      : tasks_(std::move(tasks)), read_(read) {}

  [[nodiscard]] ResultIterator<R> begin() const { return {tasks_, false, read_}; }

  [[nodiscard]] std::default_sentinel_t end() const { return {}; }

 private:
  Pending tasks_;
  Read<std::vector<R>> read_;
};

}  // namespace roundhouse::detail
