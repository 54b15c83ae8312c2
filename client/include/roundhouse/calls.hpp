// apply and map, as all views have them. Programs see them through view.hpp.
//
//   apply_async   returns at once; the AsyncResult has the value later
//   apply_sync    waits and returns the value, or throws what became of the task
//   apply         as apply_async, but waits for it to be ready when the view's `block` is set
//
// and the same with map, which calls a function for each element of a range (or, with several
// parameters, of as many ranges; the shortest decides). A function is named by itself, when the
// program knows it as RH_TASK, or by its name and with the type of its result:
//
//   view.apply_sync(survey_file, path);             view.apply_sync<Survey>("survey_file", path);
//
// By name, arguments must have exactly the types of the parameters (or what they look at: a
// std::vector<double> for std::span<const double>); otherwise they are converted as in any call.
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
#include <roundhouse/pieces.hpp>
#include <roundhouse/submission.hpp>
#include <roundhouse/task.hpp>

namespace roundhouse::detail {

// `View` offers: result<R>(), the handle on the tasks of a call; block(); and a submitter_.
template <class View>
class Calls {
 public:
  template <class R, class... P, class... Args>
  auto apply_async(R (*function)(P...), Args&&... args) const {
    return call<R>(find_task(function), Urgency::later,
                   encode_arguments(function, std::forward<Args>(args)...));
  }

  template <class R, class... P, class... Args>
  auto apply_sync(R (*function)(P...), Args&&... args) const {
    return call<R>(find_task(function), Urgency::waits,
                   encode_arguments(function, std::forward<Args>(args)...))
        .get();
  }

  template <class R, class... P, class... Args>
  auto apply(R (*function)(P...), Args&&... args) const {
    return settled(call<R>(find_task(function), urgency(),
                           encode_arguments(function, std::forward<Args>(args)...)));
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

 protected:
  Calls() = default;

 private:
  [[nodiscard]] const View& self() const { return static_cast<const View&>(*this); }

  [[nodiscard]] const Submitter& submitter() const { return self().submitter_; }

  [[nodiscard]] Urgency urgency() const { return self().block() ? Urgency::waits : Urgency::later; }

  template <class Result>
  Result settled(Result result) const {
    if (self().block()) result.wait();
    return result;
  }

  template <class R>
  auto call(const TaskInfo& task, Urgency urgency, Encoded arguments) const {
    return submit<R>({task.name, task.signature}, urgency, std::move(arguments));
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
    static_assert(sizeof...(P) == sizeof...(Ranges), "map needs one range for each parameter");
    const TaskInfo& task = find_task(function);
    return map_pieces<R, P...>({task.name, task.signature, CallKind::map}, urgency, ranges...);
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
    MapPlan plan = submitter().map_plan(shortest(ranges...));
    std::vector<Encoded> pieces = encode_pieces<P...>(plan.sizes, ranges...);
    Pending tasks = submitter().submit_map(function, plan, pieces, urgency);
    return AsyncMapResult<std::remove_cvref_t<R>>(std::move(tasks), std::move(plan.sizes),
                                                  submitter().settings().ordered);
  }
};

}  // namespace roundhouse::detail
