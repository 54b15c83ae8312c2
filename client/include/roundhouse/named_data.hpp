// push, pull, scatter and gather, as views of engines have them. Programs see them through
// view.hpp.
//
//   all.push("limit", 5).get();                    // the same value on every engine
//   std::vector<int> limits = all.pull<int>("limit").get();
//   all["limit"] = 5;                              // push, waiting for it
//   int limit = one["limit"].as<int>();            // pull, waiting for it
//   all.scatter("samples", samples).get();         // a contiguous piece of a range on each engine,
//   auto back = all.gather<double>("samples").get();  // as std::vector<T>; and joined again
//
// A name that an engine does not have is a RemoteError with name() "NameError", a value of another
// type one with "TypeError" or SerializationError. Named data lives as long as the engine's
// process.
#pragma once

#include <cstddef>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <roundhouse/arguments.hpp>
#include <roundhouse/async_result.hpp>
#include <roundhouse/calls.hpp>
#include <roundhouse/named_values.hpp>
#include <roundhouse/submission.hpp>

namespace roundhouse::detail {

// The one value that a pull brought.
template <class T>
T read_pulled(const Pending& tasks, std::size_t index) {
  const ResultBytes bytes = tasks.bytes(index);
  const std::vector<NamedValue> values = decode_named_values(bytes.body(), bytes.frames());
  if (values.size() != 1)
    throw SerializationError("asked for one value, got " + std::to_string(values.size()));
  return unpack_value<T>(values.front().packed);
}

template <class T>
T collect_pulled(const Pending& tasks) {
  tasks.check(0);
  return read_pulled<T>(tasks, 0);
}

template <class T>
std::vector<T> collect_all_pulled(const Pending& tasks) {
  tasks.check_all();
  std::vector<T> out;
  out.reserve(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) out.push_back(read_pulled<T>(tasks, i));
  return out;
}

template <class T>
std::vector<T> collect_gathered(const Pending& tasks) {
  tasks.check_all();
  std::vector<T> out;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const std::vector<T> part = read_pulled<std::vector<T>>(tasks, i);
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

// One name on the engines of a view.
template <class View>
class NamedEntry {
 public:
  NamedEntry(View view, std::string name) : view_(std::move(view)), name_(std::move(name)) {}

  // Gives every engine this value under the name, and waits until they have it. Throws as get().
  template <class T>
  const NamedEntry& operator=(T&& value) const {
    view_.push(name_, std::forward<T>(value)).get();
    return *this;
  }

  // The value: a T of one engine, a std::vector<T> of several. Throws as get().
  template <class T>
  [[nodiscard]] auto as() const {
    return view_.template pull<T>(name_).get();
  }

 private:
  View view_;
  std::string name_;
};

// `View` offers block(), engines(), and a submitter_.
template <class View>
class NamedData {
 public:
  template <class T>
  AsyncResult<void> push(std::string_view name, T&& value) const {
    using Stored = WireType<T>;
    std::vector<NamedValue> values(1);
    values[0].name = name;
    values[0].packed.type = type_name<Stored>();
    encode_result(values[0].packed.value, std::forward<T>(value));
    Encoded body = encode_named_values(values);
    values.clear();
    Pending tasks = submit({kPushTask, {}}, self().engines(), {&body, 1});
    return settled(AsyncResult<void>(std::move(tasks), View::template collector<void>()));
  }

  template <class T>
  auto pull(std::string_view name) const {
    const std::string names[] = {std::string(name)};
    Encoded body = encode_names(names);
    Pending tasks = submit({kPullTask, {}}, self().engines(), {&body, 1});
    using Value = typename View::template Value<T>;
    if constexpr (std::is_same_v<Value, T>) {
      return settled(AsyncResult<Value>(std::move(tasks), &collect_pulled<T>));
    } else {
      return settled(AsyncResult<Value>(std::move(tasks), &collect_all_pulled<T>));
    }
  }

  // Cuts the range into as many contiguous pieces as there are engines (the larger ones first; some
  // may be empty) and gives each engine its piece as a std::vector of the range's elements.
  template <std::ranges::forward_range Range>
  AsyncResult<void> scatter(std::string_view name, Range&& range) const {
    using T = std::ranges::range_value_t<Range>;
    const std::vector<int> engines = self().engines();
    const std::vector<std::size_t> sizes =
        equal_pieces(static_cast<std::size_t>(std::ranges::distance(range)), engines.size());
    std::vector<Encoded> bodies;
    auto next = std::ranges::begin(range);
    for (const std::size_t size : sizes) {
      const auto first = next;
      std::ranges::advance(next, static_cast<std::iter_difference_t<decltype(next)>>(size));
      std::vector<NamedValue> values(1);
      values[0].name = name;
      values[0].packed = pack_value(std::vector<T>(first, next));
      bodies.push_back(encode_named_values(values));
    }
    return settled(AsyncResult<void>(submit({kPushTask, {}}, engines, bodies),
                                     View::template collector<void>()));
  }

  // The std::vectors that the engines have under this name, joined in the order of the engines.
  template <class T>
  AsyncResult<std::vector<T>> gather(std::string_view name) const {
    const std::string names[] = {std::string(name)};
    Encoded body = encode_names(names);
    return settled(AsyncResult<std::vector<T>>(
        submit({kPullTask, {}}, self().engines(), {&body, 1}), &collect_gathered<T>));
  }

  [[nodiscard]] NamedEntry<View> operator[](std::string_view name) const {
    return {self(), std::string(name)};
  }

 protected:
  NamedData() = default;

 private:
  [[nodiscard]] const View& self() const { return static_cast<const View&>(*this); }

  Pending submit(const Function& function, std::span<const int> engines,
                 std::span<Encoded> bodies) const {
    return self().submitter_.submit(function, engines, bodies,
                                    self().block() ? Urgency::waits : Urgency::later);
  }

  template <class Result>
  Result settled(Result result) const {
    if (self().block()) result.wait();
    return result;
  }
};

}  // namespace roundhouse::detail
