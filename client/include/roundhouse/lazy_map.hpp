// imap: a map over ranges that are long, endless, or not all there yet.
//
//   for (const Survey& s : any.imap(survey_file, paths)) ...           // in order, as they come
//   for (const int n : any.imap(f, numbers).unordered()) ...           // the quickest first
//
// Elements are taken from the ranges, which may be generators, as results are taken from it: at any
// time there are only so many tasks (the view's `outstanding_max`, by default four per slot), with
// those whose results nobody has taken yet. A task has chunk_size elements, by default one; on a
// DirectView the engines get them in turn. Leaving the loop early submits no more.
//
// Thread rule: one thread at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <roundhouse/arguments.hpp>
#include <roundhouse/collect.hpp>
#include <roundhouse/pending.hpp>
#include <roundhouse/submission.hpp>

namespace roundhouse {

// An input range of results, to be walked through once.
template <class R>
class LazyMapResult {
  static_assert(!std::is_void_v<R>, "imap is for functions with results: use map for others");

 public:
  // Submits the next task; nothing when there are no more elements.
  using SubmitNext = std::function<std::optional<detail::Pending>()>;

  LazyMapResult(SubmitNext submit_next, std::size_t window, bool ordered)
      : state_(std::make_unique<State>()) {
    state_->submit_next = std::move(submit_next);
    state_->window = std::max<std::size_t>(window, 1);
    state_->ordered = ordered;
  }

  // As results come, from now on.
  [[nodiscard]] LazyMapResult unordered() && {
    state_->ordered = false;
    return std::move(*this);
  }

  // Submits nothing more: what remains are the results of tasks that there are.
  void cancel() { state_->submit_next = nullptr; }

  class Iterator;

  // Advancing waits for the next result, and throws what its task ended with: advance again to go
  // on with the next task, or stop.
  [[nodiscard]] Iterator begin() { return Iterator(*state_); }

  [[nodiscard]] std::default_sentinel_t end() const { return {}; }

 private:
  struct State {
    SubmitNext submit_next;
    std::size_t window = 1;
    bool ordered = true;
    std::deque<detail::Pending> tasks;  // in the order of the elements
    std::vector<R> part;                // results of one task
    std::size_t at = 0;
    bool over = false;

    void fill() {
      while (submit_next && tasks.size() < window) {
        std::optional<detail::Pending> next = submit_next();
        if (next)
          tasks.push_back(*std::move(next));
        else
          submit_next = nullptr;
      }
    }

    void advance() {
      do {
        part.clear();
        at = 0;
        fill();
        over = tasks.empty();
        if (over) return;
        const std::size_t index = ordered ? 0 : detail::Pending::wait_first(tasks);
        const detail::Pending next = std::move(tasks[index]);
        tasks.erase(tasks.begin() + static_cast<std::ptrdiff_t>(index));
        (void)next.wait({});
        next.check(0);
        part = detail::read_result<std::vector<R>>(next, 0);
      } while (part.empty());
    }
  };

  std::unique_ptr<State> state_;  // where iterators find it when this is moved

 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = R;
    using difference_type = std::ptrdiff_t;
    using reference = typename std::vector<R>::const_reference;
    using pointer = const R*;

    explicit Iterator(State& state) : state_(&state) {
      if (state_->at >= state_->part.size()) state_->advance();
    }

    reference operator*() const { return std::as_const(state_->part)[state_->at]; }

    Iterator& operator++() {
      if (++state_->at >= state_->part.size()) state_->advance();
      return *this;
    }

    void operator++(int) { ++*this; }

    friend bool operator==(const Iterator& i, std::default_sentinel_t) { return i.state_->over; }

   private:
    State* state_;
  };
};

namespace detail {

// A range that is walked through little by little: a reference to an lvalue, or the thing itself.
template <class Range>
class Walk {
  using Held = std::conditional_t<std::is_lvalue_reference_v<Range>,
                                  std::add_pointer_t<std::remove_reference_t<Range>>, Range>;

 public:
  explicit Walk(Range&& range) : held_(hold(std::forward<Range>(range))) {}

  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  [[nodiscard]] bool over() {
    if (!next_) next_.emplace(std::ranges::begin(range()));
    return *next_ == std::ranges::end(range());
  }

  // Precondition: !over().
  template <class V>
  void take(std::vector<V>& to) {
    to.push_back(static_cast<V>(**next_));
    ++*next_;
  }

 private:
  static Held hold(Range&& range) {
    if constexpr (std::is_lvalue_reference_v<Range>) {
      return std::addressof(range);
    } else {
      return std::move(range);
    }
  }

  auto& range() {
    if constexpr (std::is_lvalue_reference_v<Range>) {
      return *held_;
    } else {
      return held_;
    }
  }

  Held held_;
  std::optional<std::ranges::iterator_t<std::remove_reference_t<Range>>> next_;
};

// What takes the next elements of the ranges and submits them as one piece of a map.
template <class... P, class... Ranges>
auto submit_lazily(const Submitter& submitter, const Function& function, Ranges&&... ranges) {
  auto walks = std::make_shared<std::tuple<Walk<Ranges>...>>(std::forward<Ranges>(ranges)...);
  const std::size_t chunk = std::max<std::size_t>(submitter.settings().chunk_size, 1);
  return [submitter, name = std::string(function.name), called = function, chunk, walks,
          turn = std::size_t{0}]() mutable -> std::optional<Pending> {
    std::tuple<std::vector<Stored<P>>...> elements;
    std::size_t count = 0;
    const auto take = [&]<std::size_t... I>(std::index_sequence<I...>) {
      for (; count < chunk && !(std::get<I>(*walks).over() || ...); ++count)
        (std::get<I>(*walks).take(std::get<I>(elements)), ...);
    };
    take(std::index_sequence_for<Ranges...>{});
    if (count == 0) return std::nullopt;
    Encoded piece;
    std::apply([&](auto&... lists) { encode_map_arguments<P...>(piece, std::move(lists)...); },
               elements);
    MapPlan plan{{count}, {}};
    if (submitter.settings().tasks.direct) {
      const std::vector<int> engines = submitter.engines();
      plan.engines = {engines[turn++ % engines.size()]};
    }
    called.name = name;
    return submitter.submit_map(called, plan, {&piece, 1}, Urgency::later);
  };
}

}  // namespace detail

}  // namespace roundhouse
