// Functions bound to a view: what IPython parallel has the decorators @remote and @parallel for.
//
//   const auto count = any.remote(count_lines);
//   rh::AsyncResult<int> later = count(path);               // as any.apply(count_lines, path)
//   int lines = count.sync(path);                           // as apply_sync
//   std::vector<int> all = count.map(paths).get();          // as map
//
//   std::vector<double> scale(const std::vector<double>& part, double factor);     // a task
//   const auto scaled = everyone.parallel(scale);
//   std::vector<double> out = scaled(samples, 2.0).get();   // a piece of `samples` on each engine
//
// A bound function keeps a copy of its view, with the settings of that moment. Thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <roundhouse/arguments.hpp>
#include <roundhouse/async_map_result.hpp>
#include <roundhouse/async_result.hpp>
#include <roundhouse/lambda_task.hpp>
#include <roundhouse/pieces.hpp>
#include <roundhouse/submission.hpp>
#include <roundhouse/task.hpp>

namespace roundhouse {

namespace detail {

template <class View>
class Calls;

template <class P>
struct ListOf {
  using type = void;
};

template <class T, class A>
struct ListOf<std::vector<T, A>> {
  using type = T;
};

template <class T>
struct ListOf<Array<T>> {
  using type = T;
};

// The type of the elements of a list; void for anything else.
template <class P>
using Element = typename ListOf<Stored<P>>::type;

// Whether an argument for a parameter of type P is cut into pieces: a range for a list.
template <class P, class Arg>
inline constexpr bool kIsCut = !std::is_void_v<Element<P>> && std::ranges::forward_range<Arg>;

// Pieces of an argument that is cut, the whole one each time of any other.
template <class P, class Arg>
class Portions {
 public:
  explicit Portions(Arg& argument) : argument_(argument) {
    if constexpr (kIsCut<P, Arg&>) next_ = std::ranges::begin(argument);
  }

  // The next `size` elements.
  [[nodiscard]] decltype(auto) take(std::size_t size) {
    if constexpr (kIsCut<P, Arg&>) {
      const auto piece = take_piece(next_, size);
      return std::vector<Element<P>>(piece.begin(), piece.end());
    } else {
      return std::as_const(argument_);
    }
  }

  // How many elements there are; nothing limits anything that is not cut.
  [[nodiscard]] std::size_t size() const {
    if constexpr (kIsCut<P, Arg&>) {
      return static_cast<std::size_t>(std::ranges::distance(argument_));
    } else {
      return static_cast<std::size_t>(-1);
    }
  }

 private:
  struct None {};

  template <class A, bool kCut>
  struct NextOf {
    using type = None;
  };

  template <class A>
  struct NextOf<A, true> {
    using type = std::ranges::iterator_t<A>;
  };

  Arg& argument_;
  typename NextOf<Arg, kIsCut<P, Arg&>>::type next_{};
};

// What bound functions have in common.
template <class View>
class Bound {
 public:
  [[nodiscard]] const View& view() const { return view_; }

  // As the engine knows it.
  [[nodiscard]] const std::string& name() const { return name_; }

 protected:
  Bound(View view, const Function& function)
      : view_(std::move(view)), name_(function.name), function_(function) {}

  [[nodiscard]] Function function(CallKind kind) const {
    Function out = function_;
    out.name = name_;
    out.kind = kind;
    return out;
  }

  template <class R, class... P, class... Args>
  auto call(Urgency urgency, Args&&... args) const {
    Encoded arguments;
    encode_arguments_for<P...>(arguments, std::forward<Args>(args)...);
    return calls().template submit<R>(function(CallKind::call), urgency, std::move(arguments));
  }

  template <class R, class... P, class... Ranges>
  auto map(Urgency urgency, Ranges&... ranges) const {
    return calls().template map_pieces<R, P...>(function(CallKind::map), urgency, ranges...);
  }

  // Other parts of a view have functions of the same names.
  [[nodiscard]] const Calls<View>& calls() const { return view_; }

  [[nodiscard]] Urgency urgency() const { return calls().urgency(); }

  template <class Result>
  [[nodiscard]] Result settled(Result result) const {
    return calls().settled(std::move(result));
  }

  [[nodiscard]] const Submitter& submitter() const { return calls().submitter(); }

 private:
  View view_;
  std::string name_;
  Function function_;  // but for the name
};

// The parameter of a function that has just one.
template <class... P>
struct OnlyOf {
  using type = void;
};

template <class P>
struct OnlyOf<P> {
  using type = std::remove_cvref_t<P>;
};

}  // namespace detail

// A function that is called on the engines of a view. `F` is its type: int(std::string).
template <class View, class F>
class RemoteFunction;

template <class View, class R, class... P>
class RemoteFunction<View, R(Namespace&, P...)> : public RemoteFunction<View, R(P...)> {
 public:
  using RemoteFunction<View, R(P...)>::RemoteFunction;
};

template <class View, class R, class... P>
class RemoteFunction<View, R(P...)> : public detail::Bound<View> {
  using Base = detail::Bound<View>;

 public:
  RemoteFunction(View view, const TaskInfo& task)
      : Base(std::move(view), detail::function_of(task)) {}

  RemoteFunction(View view, std::string_view name)
      : Base(std::move(view), {name, signature_of<R(P...)>()}) {}

  // As apply() of the view, apply_async() and apply_sync().
  template <class... Args>
  auto operator()(Args&&... args) const {
    return this->settled(
        Base::template call<R, P...>(this->urgency(), std::forward<Args>(args)...));
  }

  // The same with the members of its one parameter in braces: f({.steps = 5}).
  template <class Keywords = typename detail::OnlyOf<P...>::type>
  auto operator()(Keywords&& keywords) const {
    return this->settled(
        Base::template call<R, P...>(this->urgency(), std::forward<Keywords>(keywords)));
  }

  template <class... Args>
  auto async(Args&&... args) const {
    return Base::template call<R, P...>(detail::Urgency::later, std::forward<Args>(args)...);
  }

  template <class... Args>
  auto sync(Args&&... args) const {
    return Base::template call<R, P...>(detail::Urgency::waits, std::forward<Args>(args)...).get();
  }

  // As map() of the view: the function is called for each element.
  template <std::ranges::forward_range... Ranges>
  auto map(Ranges&&... ranges) const {
    return this->settled(Base::template map<R, P...>(this->urgency(), ranges...));
  }
};

// A function of lists that is called with a piece of them on each engine: its arguments that are
// ranges, for parameters that are lists, are cut as those of a map are; all others go whole to all.
template <class View, class F>
class ParallelFunction;

template <class View, class R, class... P>
class ParallelFunction<View, R(Namespace&, P...)> : public ParallelFunction<View, R(P...)> {
 public:
  using ParallelFunction<View, R(P...)>::ParallelFunction;
};

template <class View, class R, class... P>
class ParallelFunction<View, R(P...)> : public detail::Bound<View> {
  using Base = detail::Bound<View>;

 public:
  ParallelFunction(View view, const TaskInfo& task)
      : Base(std::move(view), detail::function_of(task)) {}

  ParallelFunction(View view, std::string_view name)
      : Base(std::move(view), {name, signature_of<R(P...)>()}) {}

  // What the pieces gave: joined, an AsyncMapResult, when the function returns a list (of as many
  // elements as it was given, as a rule), else a list with the result of each, an AsyncListResult.
  template <class... Args>
  auto operator()(Args&&... args) const {
    return this->settled(cut(this->urgency(), args...));
  }

  template <class... Args>
  auto async(Args&&... args) const {
    return cut(detail::Urgency::later, args...);
  }

  template <class... Args>
  auto sync(Args&&... args) const {
    return cut(detail::Urgency::waits, args...).get();
  }

  // As map() of the view: the function is called for each element.
  template <std::ranges::forward_range... Ranges>
  auto map(Ranges&&... ranges) const {
    return this->settled(Base::template map<R, P...>(this->urgency(), ranges...));
  }

 private:
  template <class... Args>
  auto cut(detail::Urgency urgency, Args&... args) const {
    static_assert(sizeof...(P) == sizeof...(Args),
                  "this function takes another number of arguments");
    static_assert((detail::kIsCut<P, Args&> || ...),
                  "a parallel function needs a range for at least one parameter that is a list");
    std::tuple<detail::Portions<P, Args>...> portions(args...);
    const auto& submitter = this->submitter();
    detail::MapPlan plan = submitter.map_plan(
        std::apply([](auto&... each) { return std::min({each.size()...}); }, portions));
    std::vector<Encoded> pieces(plan.sizes.size());
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      std::apply(
          [&](auto&... each) {
            encode_arguments_for<P...>(pieces[i], each.take(plan.sizes[i])...);
          },
          portions);
    }
    detail::Pending tasks =
        submitter.submit_map(this->function(CallKind::call), plan, pieces, urgency);
    using Value = detail::ResultOf<R>;
    if constexpr (std::is_void_v<detail::Element<Value>>) {
      return AsyncListResult<Value>(std::move(tasks));
    } else {
      return AsyncMapResult<detail::Element<Value>>(std::move(tasks), std::move(plan.sizes),
                                                    submitter.settings().ordered);
    }
  }
};

}  // namespace roundhouse
