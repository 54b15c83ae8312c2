// push, pull, scatter and gather, as views of engines have them. Programs see them through
// view.hpp.
//
//   all.push("limit", 5).get();                    // the same value on every engine
//   all.push({{"limit", 5}, {"name", "x"}});       // several names, each of its own type
//   std::vector<int> limits = all.pull<int>("limit").get();
//   auto [limit, name] = one.pull<int, std::string>("limit", "name").get();
//   all["limit"] = 5;                              // push, waiting for it
//   int now = one["limit"].as<int>();              // pull, waiting for it
//   all.scatter("samples", samples).get();         // a contiguous piece of a range on each engine,
//   auto back = all.gather<double>("samples").get();  // as std::vector<T>; and joined again
//
// All of them return at once, unless the view's `block` is set: then the result is ready. A view of
// several engines gives a std::vector of what one engine gives, in the order of its targets.
//
// A name that an engine does not have is a RemoteError with name() "NameError" (of several engines:
// in a CompositeError). get() throws SerializationError when a value is of another type than the
// one it is pulled as. Named data lives as long as the engine's process.
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <roundhouse/arguments.hpp>
#include <roundhouse/async_result.hpp>
#include <roundhouse/distribution.hpp>
#include <roundhouse/named_values.hpp>
#include <roundhouse/submission.hpp>

namespace roundhouse {

// A name and its value, for push and update: {"limit", 5}. Packs the value at once.
class Named {
 public:
  template <class T>
  Named(std::string_view name, T&& value)
      : value_{std::string(name), pack_value(std::forward<T>(value))} {
    static_assert(!detail::kIsRef<std::decay_t<T>>,
                  "rh::ref stands for what an engine has already; it cannot be pushed");
  }

  [[nodiscard]] const NamedValue& packed() const { return value_; }

 private:
  NamedValue value_;
};

namespace detail {

template <class Range>
concept NamesRange = std::ranges::input_range<Range> &&
    std::convertible_to<std::ranges::range_reference_t<Range>, std::string_view>;

// std::map<std::string, T> and the like.
template <class Range>
concept NamedRange = std::ranges::input_range<Range> &&
    requires(std::ranges::range_reference_t<Range> each) {
  { each.first } -> std::convertible_to<std::string_view>;
  each.second;
};

// What one engine answered to a pull of `count` names.
inline std::vector<NamedValue> read_pulled(const Pending& tasks, std::size_t index,
                                           std::size_t count) {
  const ResultBytes bytes = tasks.bytes(index);
  std::vector<NamedValue> values = decode_named_values(bytes.body(), bytes.frames());
  if (values.size() != count)
    throw SerializationError("asked for " + std::to_string(count) + " named values, got " +
                             std::to_string(values.size()));
  return values;
}

template <class T>
T unpack_named(const NamedValue& named) {
  return unpack_value<T>(named.packed, named.name);
}

// How the answer of one engine is read: read() gives a Value.
template <class T>
struct OneName {
  using Value = T;

  static T read(const Pending& tasks, std::size_t index) {
    return unpack_named<T>(read_pulled(tasks, index, 1).front());
  }
};

template <class... T>
class NamesOfTypes {
 public:
  using Value = std::tuple<T...>;

  static Value read(const Pending& tasks, std::size_t index) {
    return unpack(read_pulled(tasks, index, sizeof...(T)), std::index_sequence_for<T...>());
  }

 private:
  template <std::size_t... I>
  static Value unpack(const std::vector<NamedValue>& values, std::index_sequence<I...>) {
    return Value{unpack_named<T>(values[I])...};
  }
};

template <class T>
struct NamesOfOneType {
  using Value = std::vector<T>;

  static Value read(const Pending& tasks, std::size_t index) {
    const ResultBytes bytes = tasks.bytes(index);
    Value out;
    for (const NamedValue& named : decode_named_values(bytes.body(), bytes.frames()))
      out.push_back(unpack_named<T>(named));
    return out;
  }
};

// A piece of what was scattered; with Flatten maybe just the one element of it.
template <class T, bool kFlatten>
std::vector<T> read_piece(const Pending& tasks, std::size_t index) {
  const std::vector<NamedValue> values = read_pulled(tasks, index, 1);
  if constexpr (kFlatten) {
    if (values.front().packed.type == type_name<T>()) {
      std::vector<T> out;
      out.push_back(unpack_named<T>(values.front()));
      return out;
    }
  }
  return unpack_named<std::vector<T>>(values.front());
}

template <class T, bool kFlatten, Distribution how>
std::vector<T> collect_gathered(const Pending& tasks) {
  tasks.check_all();
  std::vector<std::vector<T>> pieces;
  for (std::size_t i = 0; i < tasks.size(); ++i)
    pieces.push_back(read_piece<T, kFlatten>(tasks, i));
  return join_pieces(std::move(pieces), how);
}

template <class Names>
typename Names::Value collect_pulled(const Pending& tasks) {
  tasks.check(0);
  return Names::read(tasks, 0);
}

// One name on the engines of a view.
template <class View>
class NamedEntry {
 public:
  NamedEntry(View view, std::string name) : view_(std::move(view)), name_(std::move(name)) {}

  // An entry is no value: write one["a"] = other["a"].as<T>().
  NamedEntry(const NamedEntry&) = default;
  NamedEntry& operator=(const NamedEntry&) = delete;
  ~NamedEntry() = default;

  // Gives every engine this value under the name, and waits until they have it. Throws as get().
  template <class T>

  requires(!std::same_as<std::remove_cvref_t<T>, NamedEntry>)  //
      const NamedEntry&
      operator=(T&& value) const {
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
  // Gives every engine this value under the name.
  template <class T>
  AsyncResult<void> push(std::string_view name, T&& value) const {
    const Named one(name, std::forward<T>(value));
    return push_packed({&one.packed(), 1});
  }

  // The same of several names, of any types: push({{"a", 1}, {"b", "text"}}).
  AsyncResult<void> push(std::initializer_list<Named> values) const {
    std::vector<NamedValue> packed;
    packed.reserve(values.size());
    for (const Named& value : values) packed.push_back(value.packed());
    return push_packed(packed);
  }

  // The same of a map, or another range of pairs.
  template <NamedRange Values>
  AsyncResult<void> push(const Values& values) const {
    std::vector<NamedValue> packed;
    for (const auto& [name, value] : values) packed.push_back(Named(name, value).packed());
    return push_packed(packed);
  }

  // push, by the name that it has in dictionaries.
  AsyncResult<void> update(std::initializer_list<Named> values) const { return push(values); }

  template <NamedRange Values>
  AsyncResult<void> update(const Values& values) const {
    return push(values);
  }

  // The value under a name.
  template <class T>
  auto pull(std::string_view name) const {
    return pull_names<OneName<T>>({&name, 1});
  }

  // The values under several names, as a std::tuple: pull<int, std::string>("a", "b").
  template <class... T>

  requires(sizeof...(T) >
           1) auto pull(std::conditional_t<true, std::string_view, T>... names) const {
    const std::string_view all[] = {names...};
    return pull_names<NamesOfTypes<T...>>(all);
  }

  // The values under several names, all of one type, as a std::vector: pull<int>({"a", "b"}).
  template <class T>
  auto pull(std::initializer_list<std::string_view> names) const {
    return pull_names<NamesOfOneType<T>>(names);
  }

  template <class T, NamesRange Names>
  auto pull(Names&& names) const {
    std::vector<std::string> all;
    for (auto&& name : names) all.emplace_back(std::string_view(name));
    return pull_names<NamesOfOneType<T>>(std::vector<std::string_view>(all.begin(), all.end()));
  }

  // pull, waiting for it: gives the value itself. Throws as AsyncResult::get.
  template <class T, class... More, class... Names>
  [[nodiscard]] auto get(const Names&... names) const {
    return pull<T, More...>(names...).get();
  }

  template <class T>
  [[nodiscard]] auto get(std::initializer_list<std::string_view> names) const {
    return pull<T>(names).get();
  }

  // Deals a range out: each engine gets its piece as a std::vector of the range's elements, some
  // maybe an empty one. Contiguous pieces of an rvalue, an rh::Array or rh::borrow(range) are not
  // copied. See distribution.hpp.
  template <class Range>
  AsyncResult<void> scatter(std::string_view name, Range&& range,
                            Distribution how = Distribution::block) const {
    return scatter_pieces<false>(name, std::forward<Range>(range), how);
  }

  template <class Range>
  AsyncResult<void> scatter(std::string_view name, Range&& range, Flatten,
                            Distribution how = Distribution::block) const {
    return scatter_pieces<true>(name, std::forward<Range>(range), how);
  }

  // What was scattered, put together again: the same Distribution in the same order of engines.
  template <class T>
  auto gather(std::string_view name, Distribution how = Distribution::block) const {
    return gather_pieces<T, false>(name, how);
  }

  template <class T>
  auto gather(std::string_view name, Flatten, Distribution how = Distribution::block) const {
    return gather_pieces<T, true>(name, how);
  }

  [[nodiscard]] NamedEntry<View> operator[](std::string_view name) const {
    return {self(), std::string(name)};
  }

 protected:
  NamedData() = default;

 private:
  [[nodiscard]] const View& self() const { return static_cast<const View&>(*this); }

  Pending submit(std::string_view task, std::span<const int> engines,
                 std::span<Encoded> bodies) const {
    return self().submitter_.submit({task, {}}, engines, bodies,
                                    self().block() ? Urgency::waits : Urgency::later);
  }

  template <class Result>
  Result settled(Result result) const {
    if (self().block()) result.wait();
    return result;
  }

  AsyncResult<void> push_packed(std::span<const NamedValue> values) const {
    Encoded body = encode_named_values(values);
    return settled(AsyncResult<void>(submit(kPushTask, self().engines(), {&body, 1}),
                                     View::template collector<void>()));
  }

  template <class Names>
  auto pull_names(std::span<const std::string_view> names) const {
    Encoded body = encode_names(names);
    Pending tasks = submit(kPullTask, self().engines(), {&body, 1});
    using Value = typename View::template Value<typename Names::Value>;
    if constexpr (std::is_same_v<Value, typename Names::Value>) {
      return settled(AsyncResult<Value>(std::move(tasks), &collect_pulled<Names>));
    } else {
      using List = AsyncListResult<typename Names::Value>;
      return settled(List(std::move(tasks), typename List::template How<&Names::read>{}));
    }
  }

  template <bool kFlatten, class Range>
  AsyncResult<void> scatter_pieces(std::string_view name, Range&& range, Distribution how) const {
    static_assert(std::ranges::input_range<Range> || kIsBorrowed<std::decay_t<Range>>,
                  "scatter takes a range, or rh::borrow() of one");
    const std::vector<int> engines = self().engines();
    std::vector<Encoded> bodies;
    NamedValue value{std::string(name), {}};
    for (PackedValue& piece :
         pack_pieces<kFlatten>(std::forward<Range>(range), engines.size(), how)) {
      value.packed = std::move(piece);
      bodies.push_back(encode_named_values({&value, 1}));
    }
    value.packed = {};
    return settled(
        AsyncResult<void>(submit(kPushTask, engines, bodies), View::template collector<void>()));
  }

  template <class T, bool kFlatten>
  AsyncResult<std::vector<T>> gather_pieces(std::string_view name, Distribution how) const {
    Encoded body = encode_names({&name, 1});
    Pending tasks = submit(kPullTask, self().engines(), {&body, 1});
    return settled(AsyncResult<std::vector<T>>(
        std::move(tasks), how == Distribution::block
                              ? &collect_gathered<T, kFlatten, Distribution::block>
                              : &collect_gathered<T, kFlatten, Distribution::round_robin>));
  }
};

}  // namespace detail

}  // namespace roundhouse
