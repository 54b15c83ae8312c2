// Views: handles on some of the engines.
//
//   rh::EngineView one = client[0];                        // one engine; results are T
//   rh::DirectView all = client[rh::all];                  // several; results are std::vector<T>
//   rh::LoadBalancedView any = client.load_balanced_view();  // the scheduler chooses
//
//   int n = one.apply_sync(count_lines, path);             // apply and map: see calls.hpp
//   all["limit"] = 5;                                      // named data on engines
//   all.scatter("samples", samples);
//   all.apply_sync(normalize, rh::ref<std::vector<double>>("samples"));
//   std::vector<double> back = all.gather<double>("samples").get();
//
// The direct calls of one client to one engine run one at a time, in the order of the calls; those
// of a load-balanced view run anywhere, in any order. Views are cheap to copy and outlive nothing:
// when their Client is closed, they throw ConnectionError. Thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <roundhouse/calls.hpp>
#include <roundhouse/named_data.hpp>
#include <roundhouse/options.hpp>
#include <roundhouse/submission.hpp>
#include <roundhouse/targets.hpp>

namespace roundhouse {

class Client;

namespace detail {

// Into which pieces a map is cut, and where they go (nowhere in particular when empty).
struct MapPlan {
  std::vector<std::size_t> sizes;
  std::vector<int> engines;
};

}  // namespace detail

// One engine.
class EngineView : public detail::Calls<EngineView>, public detail::NamedData<EngineView> {
 public:
  template <class R>
  using Value = R;

  // The engine's id.
  [[nodiscard]] int engine() const { return engine_; }

  [[nodiscard]] bool block() const { return submitter_.settings().block; }

  // The same engine with other settings.
  [[nodiscard]] EngineView with(const ViewOptions& options) const;

 private:
  friend class Client;
  template <class>
  friend class detail::Calls;
  template <class>
  friend class detail::NamedData;

  EngineView(detail::Submitter submitter, int engine)
      : submitter_(std::move(submitter)), engine_(engine) {}

  template <class R>
  static constexpr typename AsyncResult<R>::Collect collector() {
    return &detail::collect_one<R>;
  }

  [[nodiscard]] std::vector<int> engines() const { return {engine_}; }

  detail::Pending submit_call(const detail::Function& function, Encoded& arguments,
                              detail::Urgency urgency) const {
    return submitter_.submit(function, {&engine_, 1}, {&arguments, 1}, urgency);
  }

  [[nodiscard]] detail::MapPlan map_plan(std::size_t items) const;
  detail::Pending submit_map(const detail::Function& function, const detail::MapPlan& plan,
                             std::span<Encoded> pieces, detail::Urgency urgency) const;

  detail::Submitter submitter_;
  int engine_;
};

// Several engines; each call is one task on each of them. Results and errors are in the order of
// the engines; whatever goes wrong on any of them is a CompositeError, also if there is just one.
class DirectView : public detail::Calls<DirectView>, public detail::NamedData<DirectView> {
 public:
  template <class R>
  using Value = typename detail::ManyOf<R>::type;

  // The engines that a call now would go to. Throws NoEnginesRegistered when there is none.
  [[nodiscard]] std::vector<int> targets() const { return submitter_.engines(targets_); }

  [[nodiscard]] bool block() const { return submitter_.settings().block; }

  // The same engines with other settings.
  [[nodiscard]] DirectView with(const ViewOptions& options) const;

 private:
  friend class Client;
  template <class>
  friend class detail::Calls;
  template <class>
  friend class detail::NamedData;

  DirectView(detail::Submitter submitter, Targets targets)
      : submitter_(std::move(submitter)), targets_(std::move(targets)) {}

  template <class R>
  static constexpr typename AsyncResult<Value<R>>::Collect collector() {
    return &detail::collect_many<R>;
  }

  [[nodiscard]] std::vector<int> engines() const { return targets(); }

  detail::Pending submit_call(const detail::Function& function, Encoded& arguments,
                              detail::Urgency urgency) const {
    return submitter_.submit(function, engines(), {&arguments, 1}, urgency);
  }

  // One contiguous piece per engine.
  [[nodiscard]] detail::MapPlan map_plan(std::size_t items) const;
  detail::Pending submit_map(const detail::Function& function, const detail::MapPlan& plan,
                             std::span<Encoded> pieces, detail::Urgency urgency) const;

  detail::Submitter submitter_;
  Targets targets_;
};

// Whichever engine is free. Tasks wait at the hub while there is none. A map is cut into pieces of
// chunk_size elements, by default into some sixteen per slot.
class LoadBalancedView : public detail::Calls<LoadBalancedView> {
 public:
  template <class R>
  using Value = R;

  // The engines that its tasks may run on; empty: any.
  [[nodiscard]] const std::vector<int>& targets() const { return submitter_.settings().targets; }

  [[nodiscard]] bool block() const { return submitter_.settings().block; }

  // The same with other settings.
  [[nodiscard]] LoadBalancedView with(const BalancedOptions& options) const;

 private:
  friend class Client;
  template <class>
  friend class detail::Calls;

  explicit LoadBalancedView(detail::Submitter submitter) : submitter_(std::move(submitter)) {}

  template <class R>
  static constexpr typename AsyncResult<R>::Collect collector() {
    return &detail::collect_one<R>;
  }

  detail::Pending submit_call(const detail::Function& function, Encoded& arguments,
                              detail::Urgency urgency) const {
    return submitter_.submit(function, {}, {&arguments, 1}, urgency);
  }

  [[nodiscard]] detail::MapPlan map_plan(std::size_t items) const;
  detail::Pending submit_map(const detail::Function& function, const detail::MapPlan& plan,
                             std::span<Encoded> pieces, detail::Urgency urgency) const;

  detail::Submitter submitter_;
};

}  // namespace roundhouse
