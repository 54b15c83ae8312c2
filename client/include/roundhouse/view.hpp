// Views: handles on some of the engines.
//
//   rh::EngineView one = client[0];                        // one engine; results are T
//   rh::DirectView all = client[rh::all];                  // several; results are std::vector<T>
//   rh::LoadBalancedView any = client.load_balanced_view();  // the scheduler chooses
//
//   int n = one.apply_sync(count_lines, path);             // apply and map: see calls.hpp
//   any.set({.block = true, .label = "survey"});           // settings: see view_settings.hpp
//   all["limit"] = 5;                                      // named data on engines
//   all.scatter("samples", samples);
//   all.apply_sync(normalize, rh::ref<std::vector<double>>("samples"));
//   std::vector<double> back = all.gather<double>("samples").get();
//   std::cout << one << all << any;   // <DirectView 0><DirectView all><LoadBalancedView>
//   all.load("more_tasks.so").get();                       // a module, shipped: see modules.hpp
//   all.execute_sync("int n = 5;");                        // C++ source: see source.hpp
//   one.interrupt(); all.clear();                          // what is done to engines: control.hpp
//   one.command({"uname", "-a"}).out;                      // an external program: see command.hpp
//
// The direct calls of one client to one engine run one at a time, in the order of the calls; those
// of a load-balanced view run anywhere, in any order. Views are cheap to copy and outlive nothing:
// when their Client is closed, they throw ConnectionError.
// Thread rule: thread-safe, but for set() and scoped().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <roundhouse/abort.hpp>
#include <roundhouse/calls.hpp>
#include <roundhouse/command.hpp>
#include <roundhouse/control.hpp>
#include <roundhouse/jobs.hpp>
#include <roundhouse/modules.hpp>
#include <roundhouse/named_data.hpp>
#include <roundhouse/options.hpp>
#include <roundhouse/source.hpp>
#include <roundhouse/submission.hpp>
#include <roundhouse/targets.hpp>
#include <roundhouse/view_settings.hpp>

namespace roundhouse {

class Client;

// One engine.
class EngineView : public detail::Settings<EngineView, EngineOptions>,
                   public detail::Calls<EngineView>,
                   public detail::NamedData<EngineView>,
                   public detail::LoadsModules<EngineView>,
                   public detail::RunsSource<EngineView>,
                   public detail::RunsCommands<EngineView>,
                   public detail::SteersEngines<EngineView> {
 public:
  template <class R>
  using Value = R;
  template <class R>
  using Result = AsyncResult<R>;

  // The engine's id.
  [[nodiscard]] int engine() const { return submitter_.settings().engines.ids()->front(); }

  // As Client::abort.
  AbortReport abort(const Jobs& jobs) const { return submitter_.abort(jobs); }

  // The same for all that is outstanding of what this client has sent to this engine, by whatever
  // view of engines.
  AbortReport abort() const { return submitter_.abort(); }

  // "<DirectView 0>"
  friend std::string to_string(const EngineView& view);

 private:
  friend class Client;
  template <class>
  friend class detail::Calls;
  template <class>
  friend class detail::NamedData;
  template <class>
  friend class detail::LoadsModules;
  template <class>
  friend class detail::RunsSource;
  template <class>
  friend class detail::RunsCommands;
  template <class>
  friend class detail::SteersEngines;

  explicit EngineView(detail::Submitter submitter) : Settings(std::move(submitter)) {}

  template <class R>
  static Result<R> result(detail::Pending tasks) {
    return {std::move(tasks), collector<R>()};
  }

  template <class R>
  static constexpr typename AsyncResult<R>::Collect collector() {
    return &detail::collect_one<R>;
  }

  [[nodiscard]] std::vector<int> engines() const { return {engine()}; }

  [[nodiscard]] static bool everywhere() { return false; }
};

// Several engines; each call is one task on each of them. Results and errors are in the order of
// the engines; whatever goes wrong on any of them is a CompositeError, also if there is just one.
class DirectView : public detail::Settings<DirectView, ViewOptions>,
                   public detail::Calls<DirectView>,
                   public detail::NamedData<DirectView>,
                   public detail::LoadsModules<DirectView>,
                   public detail::RunsSource<DirectView>,
                   public detail::RunsCommands<DirectView>,
                   public detail::SteersEngines<DirectView> {
 public:
  template <class R>
  using Value = typename detail::ManyOf<R>::type;
  template <class R>
  using Result = AsyncListResult<R>;

  // The engines that a call now would go to. Throws NoEnginesRegistered when there is none.
  [[nodiscard]] std::vector<int> targets() const { return submitter_.engines(); }

  // As Client::abort.
  AbortReport abort(const Jobs& jobs) const { return submitter_.abort(jobs); }

  // The same for all that is outstanding of what this client has sent to these engines, by whatever
  // view of engines; with `all`, to any engines.
  AbortReport abort() const { return submitter_.abort(); }

  // "<DirectView [0,1,2]>", "<DirectView all>"
  friend std::string to_string(const DirectView& view);

 private:
  friend class Client;
  template <class>
  friend class detail::Calls;
  template <class>
  friend class detail::NamedData;
  template <class>
  friend class detail::LoadsModules;
  template <class>
  friend class detail::RunsSource;
  template <class>
  friend class detail::RunsCommands;
  template <class>
  friend class detail::SteersEngines;

  explicit DirectView(detail::Submitter submitter) : Settings(std::move(submitter)) {}

  template <class R>
  static Result<R> result(detail::Pending tasks) {
    return Result<R>(std::move(tasks));
  }

  template <class R>
  static constexpr typename AsyncResult<Value<R>>::Collect collector() {
    return &detail::collect_many<R>;
  }

  [[nodiscard]] std::vector<int> engines() const { return targets(); }

  // Whether it means engines that will join, too.
  [[nodiscard]] bool everywhere() const { return submitter_.settings().engines.is_all(); }
};

// Whichever engine is free. Tasks wait at the hub while there is none. A map is cut into pieces of
// chunk_size elements, by default into some sixteen per slot.
class LoadBalancedView : public detail::Settings<LoadBalancedView, BalancedOptions>,
                         public detail::Calls<LoadBalancedView>,
                         public detail::RunsCommands<LoadBalancedView> {
 public:
  template <class R>
  using Value = R;
  template <class R>
  using Result = AsyncResult<R>;

  // The engines that its tasks may run on; empty: any.
  [[nodiscard]] const std::vector<int>& targets() const {
    return submitter_.settings().tasks.targets;
  }

  // What its tasks depend on: see dependency.hpp.
  [[nodiscard]] Dependency after() const {
    const auto& depends = submitter_.settings().depends;
    return depends ? depends->after : Dependency();
  }

  [[nodiscard]] Dependency follow() const {
    const auto& depends = submitter_.settings().depends;
    return depends ? depends->follow : Dependency();
  }

  // How long they may wait for that, and how long a run may take; nothing: for ever.
  [[nodiscard]] Timeout timeout() const { return submitter_.settings().tasks.timeout.get(); }

  [[nodiscard]] Timeout time_limit() const { return submitter_.settings().tasks.time_limit.get(); }

  // What an engine is asked before it runs one, and must have: see depend.hpp.
  [[nodiscard]] const Predicate& depend() const { return submitter_.settings().tasks.depend; }

  [[nodiscard]] const Requirements& require() const { return submitter_.settings().tasks.require; }

  [[nodiscard]] std::uint32_t retries() const { return submitter_.settings().tasks.retries; }

  [[nodiscard]] std::int32_t priority() const { return submitter_.settings().tasks.priority; }

  // As Client::abort.
  AbortReport abort(const Jobs& jobs) const { return submitter_.abort(jobs); }

  // The same for all that is outstanding of what was sent by this view or a copy of it, such as
  // with() makes; not by another view of the same engines.
  AbortReport abort() const { return submitter_.abort(); }

  // "<LoadBalancedView>", "<LoadBalancedView [0,2]>"
  friend std::string to_string(const LoadBalancedView& view);

 private:
  friend class Client;
  template <class>
  friend class detail::Calls;
  template <class>
  friend class detail::RunsCommands;

  explicit LoadBalancedView(detail::Submitter submitter) : Settings(std::move(submitter)) {}

  template <class R>
  static Result<R> result(detail::Pending tasks) {
    return {std::move(tasks), &detail::collect_one<R>};
  }
};

}  // namespace roundhouse
