// apply, map and reduce, as all views have them. Programs see them through view.hpp.
//
//   apply_async   returns at once; the AsyncResult has the value later
//   apply_sync    waits and returns the value, or throws what became of the task
//   apply         as apply_async, but waits for it to be ready when the view's `block` is set
//
// and the same with map, which calls a function for each element of a range (or, with several
// parameters, of as many ranges; the shortest decides). imap is a map that takes its ranges little
// by little: lazy_map.hpp. reduce joins the elements of a range by a function of two; functions can
// be bound to a view: bound_function.hpp; executor() is for code that knows std::future:
// executor.hpp. A function is named by itself, when the program knows it as RH_TASK, or by its name
// and with the type of its result:
//
//   view.apply_sync(survey_file, path);             view.apply_sync<Survey>("survey_file", path);
//
// or is written where it is used: RH_LAMBDA([](int x) { return 2 * x; }), see lambda.hpp.
//
// By name, arguments must have exactly the types of the parameters (or what they look at: a
// std::vector<double> for std::span<const double>); otherwise they are converted as in any call.
//
// Keyword arguments: a function whose one parameter is a struct is called with its members by name,
//
//   struct Training { double rate = 0.1; int steps = 100; MSGPACK_DEFINE(rate, steps) };
//   double train(const Training& how);
//   view.apply_sync(train, {.steps = 5});
#pragma once

#include <cstddef>
#include <ranges>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <roundhouse/arguments.hpp>
#include <roundhouse/async_map_result.hpp>
#include <roundhouse/async_result.hpp>
#include <roundhouse/bound_function.hpp>
#include <roundhouse/executor.hpp>
#include <roundhouse/lambda_task.hpp>
#include <roundhouse/lazy_map.hpp>
#include <roundhouse/pieces.hpp>
#include <roundhouse/submission.hpp>
#include <roundhouse/task.hpp>

namespace roundhouse::detail {

// A struct whose members can be given by name.
template <class P>
concept Keywords = std::is_class_v<std::remove_cvref_t<P>> &&
    std::is_aggregate_v<std::remove_cvref_t<P>> && !std::is_pointer_v<P>;

// `View` offers: result<R>(), the handle on the tasks of a call; block(); and a submitter_.
template <class View>
class Calls {
 public:
  template <class R, class... P, class... Args>
  auto apply_async(R (*function)(P...), Args&&... args) const {
    return call(function, Urgency::later, std::forward<Args>(args)...);
  }

  template <class R, class... P, class... Args>
  auto apply_sync(R (*function)(P...), Args&&... args) const {
    return call(function, Urgency::waits, std::forward<Args>(args)...).get();
  }

  template <class R, class... P, class... Args>
  auto apply(R (*function)(P...), Args&&... args) const {
    return settled(call(function, urgency(), std::forward<Args>(args)...));
  }

  // With a struct in braces; what is not in braces goes to the functions above.
  template <class R, Keywords P>
  auto apply_async(R (*function)(P), std::remove_cvref_t<P>&& keywords) const {
    return call(function, Urgency::later, std::move(keywords));
  }

  template <class R, Keywords P>
  auto apply_sync(R (*function)(P), std::remove_cvref_t<P>&& keywords) const {
    return call(function, Urgency::waits, std::move(keywords)).get();
  }

  template <class R, Keywords P>
  auto apply(R (*function)(P), std::remove_cvref_t<P>&& keywords) const {
    return settled(call(function, urgency(), std::move(keywords)));
  }

  template <class R = void, class... Args>
  auto apply_async(std::string_view function, Args&&... args) const {
    return call_by_name<R>(function, Urgency::later, std::forward<Args>(args)...);
  }

  template <class R = void, class... Args>
  auto apply_sync(std::string_view function, Args&&... args) const {
    return call_by_name<R>(function, Urgency::waits, std::forward<Args>(args)...).get();
  }

  template <class R = void, class... Args>
  auto apply(std::string_view function, Args&&... args) const {
    return settled(call_by_name<R>(function, urgency(), std::forward<Args>(args)...));
  }

  template <class R, class... P, std::ranges::forward_range... Ranges>
  auto map_async(R (*function)(P...), Ranges&&... ranges) const {
    return map_task(function, Urgency::later, ranges...);
  }

  template <class R, class... P, std::ranges::forward_range... Ranges>
  auto map_sync(R (*function)(P...), Ranges&&... ranges) const {
    return map_task(function, Urgency::waits, ranges...).get();
  }

  template <class R, class... P, std::ranges::forward_range... Ranges>
  auto map(R (*function)(P...), Ranges&&... ranges) const {
    return settled(map_task(function, urgency(), ranges...));
  }

  template <class R = void, std::ranges::forward_range... Ranges>
  auto map_async(std::string_view function, Ranges&&... ranges) const {
    return map_by_name<R>(function, Urgency::later, ranges...);
  }

  template <class R = void, std::ranges::forward_range... Ranges>
  auto map_sync(std::string_view function, Ranges&&... ranges) const {
    return map_by_name<R>(function, Urgency::waits, ranges...).get();
  }

  template <class R = void, std::ranges::forward_range... Ranges>
  auto map(std::string_view function, Ranges&&... ranges) const {
    return settled(map_by_name<R>(function, urgency(), ranges...));
  }

  // The results of a map as one walks through them: see lazy_map.hpp. Ranges that are lvalues must
  // outlive what is returned.
  template <class R, class... P, std::ranges::input_range... Ranges>
  LazyMapResult<ResultOf<R>> imap(R (*function)(P...), Ranges&&... ranges) const {
    return lazy_map(function, std::forward<Ranges>(ranges)...);
  }

  template <class R, std::ranges::input_range... Ranges>
  LazyMapResult<ResultOf<R>> imap(std::string_view function, Ranges&&... ranges) const {
    return lazy<R, std::ranges::range_value_t<Ranges>...>(
        {function, signature_of<R(std::ranges::range_value_t<Ranges>...)>(), CallKind::map},
        std::forward<Ranges>(ranges)...);
  }

  // f(f(f(a, b), c), d) for a range of a, b, c, d: each piece of it on an engine, and what they
  // give on one of them. The function must not care how its calls are nested, as addition does not;
  // the order of the elements is kept. Waits. Throws what a task ended with, CompositeError when it
  // was one of the pieces; Exception (invalid) for an empty range, unless there is an `initial`
  // value, which stands before the first element then.
  template <class R, class A, class B, std::ranges::forward_range Range>
  auto reduce(R (*function)(A, B), Range&& range) const {
    static_assert(std::is_same_v<ResultOf<R>, Stored<A>> && std::is_same_v<ResultOf<R>, Stored<B>>,
                  "reduce needs a function of two Ts that returns a T");
    return reduce_range<ResultOf<R>>(function_of(find_task(function), CallKind::reduce), range);
  }

  template <class R, class A, class B, std::ranges::forward_range Range>
  ResultOf<R> reduce(R (*function)(A, B), Range&& range,
                     std::type_identity_t<ResultOf<R>> initial) const {
    std::vector<ResultOf<R>> values;
    values.push_back(std::move(initial));
    if (!std::ranges::empty(range)) values.push_back(reduce(function, range));
    return reduce(function, values);
  }

  template <class T, std::ranges::forward_range Range>
  T reduce(std::string_view function, Range&& range) const {
    return reduce_range<T>({function, signature_of<T(T, T)>(), CallKind::reduce}, range);
  }

  // The function bound to this view, as it is now: see bound_function.hpp.
  template <class R, class... P>
  RemoteFunction<View, R(P...)> remote(R (*function)(P...)) const {
    return {self(), find_task(function)};
  }

  // By name: remote<int(std::string)>("count_lines").
  template <class F>
  RemoteFunction<View, F> remote(std::string_view function) const {
    return {self(), function};
  }

  template <class R, class... P>
  ParallelFunction<View, R(P...)> parallel(R (*function)(P...)) const {
    return {self(), find_task(function)};
  }

  template <class F>
  ParallelFunction<View, F> parallel(std::string_view function) const {
    return {self(), function};
  }

  // For code that knows std::future: see executor.hpp.
  [[nodiscard]] Executor<View> executor() const { return Executor<View>(self()); }

 protected:
  Calls() = default;

 private:
  friend class Bound<View>;

  [[nodiscard]] const View& self() const { return static_cast<const View&>(*this); }

  [[nodiscard]] const Submitter& submitter() const { return self().submitter_; }

  [[nodiscard]] Urgency urgency() const { return self().block() ? Urgency::waits : Urgency::later; }

  template <class Result>
  Result settled(Result result) const {
    if (self().block()) result.wait();
    return result;
  }

  template <class R, class... P, class... Args>
  auto call(R (*function)(P...), Urgency urgency, Args&&... args) const {
    return submit<R>(function_of(find_task(function)), urgency,
                     encode_arguments(function, std::forward<Args>(args)...));
  }

  template <class R, class... Args>
  auto call_by_name(std::string_view function, Urgency urgency, Args&&... args) const {
    const std::string_view signature =
        function.starts_with("roundhouse.") ? "" : signature_of<R(std::decay_t<Args>...)>();
    return submit<R>({function, signature}, urgency, encode_values(std::forward<Args>(args)...));
  }

  template <class R>
  auto submit(const Function& function, Urgency urgency, Encoded arguments) const {
    using Result = std::remove_cvref_t<R>;
    Pending tasks = submitter().submit_call(function, arguments, urgency);
    return View::template result<Result>(std::move(tasks));
  }

  template <class R, class... P, class... Ranges>
  auto map_task(R (*function)(P...), Urgency urgency, Ranges&... ranges) const {
    return map_pieces<R, P...>(function_of(find_task(function), CallKind::map), urgency, ranges...);
  }

  template <class R, class... P, class... Ranges>
  auto map_task(R (*function)(Namespace&, P...), Urgency urgency, Ranges&... ranges) const {
    return map_pieces<R, P...>(function_of(find_task(function), CallKind::map), urgency, ranges...);
  }

  template <class R, class... Ranges>
  auto map_by_name(std::string_view function, Urgency urgency, Ranges&... ranges) const {
    const std::string_view signature = signature_of<R(std::ranges::range_value_t<Ranges>...)>();
    return map_pieces<R, std::ranges::range_value_t<Ranges>...>(
        {function, signature, CallKind::map}, urgency, ranges...);
  }

  template <class R, class... P, class... Ranges>
  auto map_pieces(const Function& function, Urgency urgency, Ranges&... ranges) const {
    static_assert(sizeof...(Ranges) > 0, "map needs a range");
    static_assert(sizeof...(P) == sizeof...(Ranges), "map needs one range for each parameter");
    MapPlan plan = submitter().map_plan(shortest(ranges...));
    std::vector<Encoded> pieces = encode_pieces<P...>(plan.sizes, ranges...);
    Pending tasks = submitter().submit_map(function, plan, pieces, urgency);
    return AsyncMapResult<ResultOf<R>>(std::move(tasks), std::move(plan.sizes),
                                       submitter().settings().ordered);
  }

  template <class R, class... P, class... Ranges>
  auto lazy_map(R (*function)(P...), Ranges&&... ranges) const {
    return lazy<R, P...>(function_of(find_task(function), CallKind::map),
                         std::forward<Ranges>(ranges)...);
  }

  template <class R, class... P, class... Ranges>
  auto lazy_map(R (*function)(Namespace&, P...), Ranges&&... ranges) const {
    return lazy<R, P...>(function_of(find_task(function), CallKind::map),
                         std::forward<Ranges>(ranges)...);
  }

  template <class R, class... P, class... Ranges>
  LazyMapResult<ResultOf<R>> lazy(const Function& function, Ranges&&... ranges) const {
    static_assert(sizeof...(P) == sizeof...(Ranges), "imap needs one range for each parameter");
    return LazyMapResult<ResultOf<R>>(
        submit_lazily<P...>(submitter(), function, std::forward<Ranges>(ranges)...),
        submitter().window(), submitter().settings().ordered);
  }

  template <class T, class Range>
  T reduce_range(const Function& function, Range& range) const {
    const std::size_t items = shortest(range);
    if (items == 0)
      throw Exception(Errc::invalid, "reduce of an empty range, without an initial value");
    const MapPlan plan = submitter().map_plan(items);
    std::vector<Encoded> pieces = encode_pieces<T>(plan.sizes, range);
    const Pending tasks = submitter().submit_map(function, plan, pieces, Urgency::waits);
    std::vector<T> parts = AsyncListResult<T>(tasks).get();
    if (parts.size() == 1) return T(std::move(parts.front()));
    // What the pieces gave is a short list: one engine does the rest.
    MapPlan last{{parts.size()}, {}};
    if (!plan.engines.empty()) last.engines = {plan.engines.front()};
    pieces = encode_pieces<T>(last.sizes, parts);
    return AsyncResult<T>(submitter().submit_map(function, last, pieces, Urgency::waits),
                          &collect_one<T>)
        .get();
  }
};

}  // namespace roundhouse::detail
