// rh::this_engine: what a task sees of the engine that runs it.
//
//   void scale(double factor) {
//     for (double& x : rh::this_engine::get<std::vector<double>>("samples")) x *= factor;
//   }
//
// Works inside tasks. On other threads that a task started everything works too, but what get()
// returns is kept alive until that thread ends; outside an engine everything throws NotOnEngine.
// Thread rule: the namespace may be used by tasks in several slots at once; the objects in it are
// not locked, so tasks that change the same object at the same time must agree among themselves.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <roundhouse/arguments.hpp>
#include <roundhouse/error.hpp>
#include <roundhouse/module_abi.hpp>

namespace roundhouse {

class Client;

// The engine's namespace has nothing under this name.
class RH_VISIBLE NameError : public Exception {
 public:
  explicit NameError(const std::string& text) : Exception(Errc::unknown_name, text) {}
};

// The engine's namespace has a value of another type under this name.
class RH_VISIBLE TypeError : public Exception {
 public:
  explicit TypeError(const std::string& text) : Exception(Errc::invalid, text) {}
};

// this_engine was used in a program that is no engine.
class RH_VISIBLE NotOnEngine : public Exception {
 public:
  explicit NotOnEngine(const std::string& text) : Exception(Errc::invalid, text) {}
};

namespace detail {

// One call on this thread: made by the task's entry, so that this_engine finds its engine.
class CallScope {
 public:
  explicit CallScope(const Invocation& call);
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;
  ~CallScope();

  const Invocation& invocation;
  std::vector<Pin> pins;  // objects that the task got hold of; dropped when it ends

 private:
  CallScope* outer_;
};

// Hidden, so that each module and program has its own.
[[gnu::visibility("hidden")]] inline constinit thread_local CallScope* current_call = nullptr;
[[gnu::visibility("hidden")]] inline constinit std::atomic<EngineApi*> attached_engine{nullptr};

inline CallScope::CallScope(const Invocation& call)
    : invocation(call), outer_(std::exchange(current_call, this)) {}

inline CallScope::~CallScope() {
  current_call = outer_;
}

inline EngineApi& current_engine() {
  EngineApi* engine = current_call != nullptr ? current_call->invocation.engine
                                              : attached_engine.load(std::memory_order_acquire);
  if (engine == nullptr)
    throw NotOnEngine("roundhouse::this_engine works only in a task that an engine runs");
  return *engine;
}

inline void keep(Pin pin) {
  if (current_call != nullptr) {
    current_call->pins.push_back(std::move(pin));
  } else {
    thread_local std::vector<Pin> until_thread_ends;
    until_thread_ends.push_back(std::move(pin));
  }
}

// The engine has it: modules need not be linked with the client library.
[[nodiscard, gnu::visibility("default")]] const Client& client_of(EngineApi& engine);

// How T is packed and unpacked by this module.
template <class T>
const ObjectType& object_type() {
  static const ObjectType type{
      .exact = typeid(T).name(),
      .packed = type_name<T>(),
      .size = sizeof(T),
      .decode = [](const Encoded& packed, std::string& error) noexcept -> void* {
        try {
          return new T(decode_result<T>(packed.body, packed.frames, "value"));
        } catch (const std::exception& problem) {
          error = problem.what();
        } catch (...) {
          error = "its type threw something that is no std::exception";
        }
        return nullptr;
      },
      .encode = [](const void* object, Encoded& packed, std::string& error) noexcept -> bool {
        try {
          encode_result(packed, *static_cast<const T*>(object));
          return true;
        } catch (const std::exception& problem) {
          error = problem.what();
        } catch (...) {
          error = "its type threw something that is no std::exception";
        }
        return false;
      },
      .destroy = [](void* object) noexcept { delete static_cast<T*>(object); },
  };
  return type;
}

// As what a value of type T is held: text as std::string, spans as std::vector.
template <class T>
using Held = std::conditional_t<std::is_same_v<WireType<T>, std::string>, std::string,
                                Stored<std::decay_t<T>>>;

// The object under `name`, kept until the call ends. Throws NameError, TypeError.
template <class T>
T& get_object(std::string_view name, bool writes) {
  Pin pin;
  std::string error;
  switch (current_engine().get(name, object_type<T>(), writes, pin, error)) {
    case Lookup::no_such_name: throw NameError(error);
    case Lookup::wrong_type: throw TypeError(error);
    case Lookup::found: break;
  }
  T& object = *static_cast<T*>(pin.object);
  keep(std::move(pin));
  return object;
}

}  // namespace detail

namespace this_engine {

// The number that clients know this engine by.
[[nodiscard]] inline std::uint32_t id() {
  return detail::current_engine().engine_id();
}

// How many tasks it runs at a time.
[[nodiscard]] inline std::uint32_t slots() {
  return detail::current_engine().slots();
}

// The named object itself, to be read or changed in place; with `const T` only to be read, which
// spares packing it again when it is pulled. Decoded when it is first asked for; from then on it
// is a T, and asking for another type throws TypeError (also rh::Array<double> for what is held
// as std::vector<double>). Valid until the task ends, even if the name is given to another value
// meanwhile. Throws NameError when there is nothing under the name.
template <class T>
[[nodiscard]] T& get(std::string_view name) {
  return detail::get_object<std::remove_const_t<T>>(name, !std::is_const_v<T>);
}

// Gives the name to `value`, which is packed only when somebody pulls it.
template <class T>
void set(std::string_view name, T&& value) {
  using V = detail::Held<T>;
  const ObjectType& type = detail::object_type<V>();
  EngineApi& engine = detail::current_engine();
  if constexpr (std::is_constructible_v<V, T&&>) {
    engine.set(name, type, new V(std::forward<T>(value)));
  } else {
    engine.set(name, type, new V(value.begin(), value.end()));  // a span
  }
}

[[nodiscard]] inline bool has(std::string_view name) {
  return detail::current_engine().has(name);
}

// All names, sorted.
[[nodiscard]] inline std::vector<std::string> names() {
  return detail::current_engine().names();
}

// Whether the task was asked to end early. Long tasks look now and then, and return or throw.
[[nodiscard]] inline bool stop_requested() {
  const detail::CallScope* call = detail::current_call;
  return call != nullptr && call->invocation.stop != nullptr &&
         call->invocation.stop->load(std::memory_order_relaxed);
}

// A client of the hub that this engine serves, by which a task submits further tasks and waits for
// them; include <roundhouse/client.hpp> to use it. All tasks of the engine share it. It is made
// when it is first asked for. Throws what a Client's constructor throws.
//
//   int fib(int n) {
//     if (n < 2) return n;
//     auto view = rh::this_engine::client().load_balanced_view();
//     auto first = view.apply_async(fib, n - 1);
//     return view.apply_sync(fib, n - 2) + first.get();
//   }
//
// A task that waits (get(), wait(), apply_sync(), the next result of an iteration, ...) lends its
// slot: other tasks of the engine run meanwhile, and it goes on before new ones begin. Tasks that
// tasks submit go first within their priority, the deepest of all, so a task that waits for what it
// has submitted always comes to its end, also on one engine with one slot. Asking ready() again and
// again keeps the slot: wait() instead. 256 tasks of an engine may wait at a time; the wait of a
// further one throws Exception (over_quota). A wait in a task that is asked to stop throws
// Exception (aborted). Direct tasks that tasks submit are in order among those of the same depth.
[[nodiscard]] inline const Client& client() {
  return detail::client_of(detail::current_engine());
}

// Tells whoever watches how far the task is (0 to 1) and what it is doing.
inline void progress(double fraction, std::string_view text = {}) {
  detail::current_engine().report_progress(fraction, text);
}

}  // namespace this_engine

}  // namespace roundhouse
