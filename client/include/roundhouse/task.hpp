// RH_TASK: makes an ordinary function a task that engines can run.
//
//   // survey.hpp                                  // survey.cpp
//   Survey survey_file(const std::string& path);   Survey survey_file(const std::string& path)
//   {...}
//                                                  RH_TASK(survey_file)
//
//   # CMakeLists.txt
//   roundhouse_add_module(survey survey.cpp)       # survey.so for engines
//   target_link_libraries(app PRIVATE survey roundhouse::client)
//
//   auto result = view.apply_sync(survey_file, "/etc/passwd");      // in app
//
// RH_TASK stands at namespace scope, in a .cpp file, after the function is declared. The task's
// name is what stands between the parentheses ("ns::survey_file"). Parameters may be anything that
// serialize.hpp can pack, by value or reference (changes to a `T&` stay on the engine, and are kept
// when the caller passed rh::ref), std::string_view and std::span<T>. A first parameter that is an
// rh::Namespace& gets the engine's, and is no argument of the call. Not: overloaded functions
// (give the overload a name of its own), pointers, variadic functions; lambdas are for RH_LAMBDA
// (lambda.hpp).
// Thread rule: everything is registered before main() or while a module is loaded; read-only then.
#pragma once

#include <atomic>
#include <cstddef>
#include <initializer_list>
#include <new>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <roundhouse/arguments.hpp>
#include <roundhouse/failure.hpp>
#include <roundhouse/module_abi.hpp>
#include <roundhouse/namespace.hpp>
#include <roundhouse/parameter.hpp>
#include <roundhouse/this_engine.hpp>
#include <roundhouse/version.hpp>

namespace roundhouse {

// A function was used as a task that RH_TASK does not know in this program.
class RH_VISIBLE TaskNotRegistered : public Exception {
 public:
  explicit TaskNotRegistered(const std::string& text) : Exception(Errc::unknown_function, text) {}
};

namespace detail {

// The list of this program's or module's tasks. Hidden: each module has its own.
[[gnu::visibility("hidden")]] inline constinit const TaskInfo* first_task = nullptr;

// The lambdas of this program that have been used: lambda.hpp.
[[gnu::visibility("hidden")]] inline constinit std::atomic<const TaskInfo*> first_lambda{nullptr};

// Overload resolution fails here, with this name in the compiler's message, when RH_TASK is given
// several functions of one name.
template <class R, class... P>
auto task_must_be_one_function_not_an_overload_set(R (*function)(P...)) -> R (*)(P...);

template <class P>
constexpr bool check_parameter() {
  using V = std::remove_cvref_t<P>;
  static_assert(!std::is_same_v<V, Namespace>,
                "a task takes the namespace as its first parameter, as roundhouse::Namespace&");
  static_assert(
      !std::is_pointer_v<V>,
      "a task cannot take a pointer: take a value, a reference, std::string or std::span");
  return true;
}

// "in add takes (int, int) and returns int (add.cpp:12)" for the task that `invoke` belongs to.
inline std::string where_registered(InvokeFunction invoke) {
  for (const TaskInfo* task = first_task; task != nullptr; task = task->next) {
    if (task->invoke == invoke)
      return "in " + std::string(task->name) + " " + readable_signature(task->signature) + " (" +
             task->file + ":" + std::to_string(task->line) + ")\n";
  }
  return {};
}

// Turns the exception that is being handled into the error reply of a task.
inline void fail_task(Reply& reply, InvokeFunction invoke, std::string_view where) noexcept {
  fail_with_current_exception(reply);
  try {
    reply.error.traceback.insert(0, where_registered(invoke).append(where));
  } catch (const std::bad_alloc&) {  // the error goes without its place
  }
}

// Runs `Function` for the engine.
template <auto Function, class F = decltype(Function)>
struct Entry;

// `kBound`: the function also takes the engine's namespace, before the parameters P.
template <auto Function, bool kBound, class R, class... P>
struct EntryOf;

template <auto Function, class R, class... P>
struct Entry<Function, R (*)(P...) noexcept> : Entry<Function, R (*)(P...)> {};

template <auto Function, class R, class... P>
struct Entry<Function, R (*)(P...)> : EntryOf<Function, false, R, P...> {};

template <auto Function, class R, class... P>
struct Entry<Function, R (*)(Namespace&, P...)> : EntryOf<Function, true, R, P...> {};

// The type of the elements that a function can reduce a list of: T of T(T, T); else void.
template <class R, class... P>
struct ReducedOf {
  using type = void;
};

template <class R, class A, class B>

requires(std::is_same_v<std::remove_cvref_t<R>, Stored<A>>&&
             std::is_same_v<std::remove_cvref_t<R>, Stored<B>>&&
                 std::is_move_assignable_v<std::remove_cvref_t<R>>) struct ReducedOf<R, A, B> {
  using type = std::remove_cvref_t<R>;
};

template <auto Function, bool kBound, class R, class... P>
struct EntryOf {
  static_assert((check_parameter<P>() && ...));
  static_assert(!std::is_pointer_v<R>, "a task cannot return a pointer: return a value");
  using Result = std::remove_cvref_t<R>;
  using Reduced = typename ReducedOf<R, P...>::type;

  static void invoke(const Invocation& call, Reply& reply) noexcept {
    reply.clear();
    try {
      const CallScope scope(call);
      std::tuple<Parameter<P>...> parameters;
      read(call, parameters);
      std::apply(
          [&](auto&... parameter) {
            if constexpr (std::is_void_v<R>) {
              run(parameter.pass()...);
              encode_no_result(reply.result);
            } else {
              encode_task_result(reply.result, run(parameter.pass()...));
            }
          },
          parameters);
    } catch (...) {
      fail_task(reply, &invoke, {});
    }
  }

  static void invoke_map(const Invocation& call, Reply& reply) noexcept {
    reply.clear();
    std::size_t index = 0;
    try {
      const CallScope scope(call);
      std::tuple<ParameterList<P>...> lists;
      read(call, lists);
      const std::size_t count =
          std::apply([](auto&... list) { return common_size({list.size()...}); }, lists);
      std::apply([&](auto&... list) { run_all(reply, count, index, list...); }, lists);
    } catch (...) {
      fail_task(reply, &invoke, "in call " + std::to_string(index) + " of this part of a map\n");
    }
  }

  // Null when there is nothing that it could reduce.
  [[nodiscard]] static constexpr InvokeFunction reducer() {
    if constexpr (std::is_void_v<Reduced>) {
      return nullptr;
    } else {
      return &invoke_reduce;
    }
  }

 private:
  static void invoke_reduce(const Invocation& call, Reply& reply) noexcept {
    reply.clear();
    std::size_t index = 0;
    try {
      const CallScope scope(call);
      std::tuple<Parameter<std::vector<Reduced>>> list;
      read(call, list);
      std::vector<Reduced> elements = std::get<0>(list).pass();
      if (elements.empty()) throw SerializationError("there is nothing to reduce: an empty list");
      Reduced out = std::move(elements.front());
      for (index = 1; index < elements.size(); ++index) {
        Reduced next = std::move(elements[index]);
        out = run_two<P...>(out, next);
      }
      encode_task_result(reply.result, std::move(out));
    } catch (...) {
      fail_task(reply, &invoke,
                "in step " + std::to_string(index) + " of this part of a reduction\n");
    }
  }

  template <class A, class B, class T>
  static decltype(auto) run_two(T& a, T& b) {
    return run(passed<A>(a), passed<B>(b));
  }

  // What a parameter of type Q is given of a value.
  template <class Q, class T>
  static decltype(auto) passed(T& value) {
    if constexpr (std::is_same_v<std::remove_cvref_t<Q>, T>) {
      return static_cast<Q&&>(value);
    } else {
      return std::remove_cvref_t<Q>(value);
    }
  }

  template <class... Passed>
  static decltype(auto) run(Passed&&... arguments) {
    if constexpr (kBound) {
      Namespace engine = NamespaceAccess::make();
      return Function(engine, std::forward<Passed>(arguments)...);
    } else {
      return Function(std::forward<Passed>(arguments)...);
    }
  }

  // Reads all arguments, from the first to the last.
  template <class Parameters>
  static void read(const Invocation& call, Parameters& parameters) {
    constexpr std::size_t kCount = std::tuple_size_v<Parameters>;
    Decoder in(call.body, call.frames);
    in.begin_arguments(kCount);
    [[maybe_unused]] std::size_t number = 0;
    std::apply([&](auto&... parameter) { (parameter.read(in, ++number, kCount), ...); },
               parameters);
    in.finish();
  }

  template <class... Lists>
  static void run_all(Reply& reply, std::size_t count, std::size_t& index, Lists&... lists) {
    if constexpr (std::is_void_v<R>) {
      for (; index < count; ++index) run(lists.pass(index)...);
      encode_no_result(reply.result);
    } else {
      std::vector<Result> results;
      results.reserve(count);
      for (; index < count; ++index) results.push_back(run(lists.pass(index)...));
      encode_task_result(reply.result, std::move(results));
    }
  }

  template <class T>
  static void encode_task_result(Encoded& out, T&& result) {
    try {
      encode_result(out, std::forward<T>(result));
    } catch (const SerializationError& error) {
      throw SerializationError("result (" + readable_type(typeid(T).name()) + "): " + error.what());
    }
  }
};

// Adds a function to the list.
class Registration {
 public:
  template <class R, class... P>
  Registration(R (*function)(P...), std::string_view name, InvokeFunction invoke,
               InvokeFunction invoke_map, InvokeFunction invoke_reduce, const char* file,
               int line) {
    info_.name = name.starts_with("::") ? name.substr(2) : name;
    info_.signature = typeid(typename WireSignature<R(P...)>::type).name();
    info_.exact = typeid(R(P...)).name();
    info_.invoke = invoke;
    info_.invoke_map = invoke_map;
    info_.invoke_reduce = invoke_reduce;
    info_.address = reinterpret_cast<void (*)()>(function);
    info_.file = file;
    info_.line = line;
    info_.next = std::exchange(first_task, &info_);
  }

  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;
  ~Registration() = default;

 private:
  TaskInfo info_;
};

inline const TaskInfo* tasks_of_this_module() noexcept {
  return first_task;
}

inline void attach_to_this_module(EngineApi* engine) noexcept {
  attached_engine.store(engine, std::memory_order_release);
}

}  // namespace detail

// The task that `function` was registered as, in this program. Throws TaskNotRegistered, and
// SerializationError when its signature has a type that has no name elsewhere.
template <class R, class... P>
[[nodiscard]] const TaskInfo& find_task(R (*function)(P...)) {
  const auto address = reinterpret_cast<void (*)()>(function);
  for (const TaskInfo* first : {static_cast<const TaskInfo*>(detail::first_task),
                                detail::first_lambda.load(std::memory_order_acquire)}) {
    for (const TaskInfo* task = first; task != nullptr; task = task->next) {
      if (task->address == address) {
        (void)signature_of<R(P...)>();
        return *task;
      }
    }
  }
  throw TaskNotRegistered(
      "this function, which " + readable_signature(signature_of<R(P...)>()) +
      ", was not registered in this program: write RH_TASK(its name) in its .cpp file and link the "
      "target that roundhouse_add_module() made, or call the task by name");
}

// The task of this name in this program; null when there is none.
[[nodiscard]] inline const TaskInfo* find_task(std::string_view name) {
  for (const TaskInfo* task = detail::first_task; task != nullptr; task = task->next) {
    if (task->name == name) return task;
  }
  return nullptr;
}

// "survey_file takes (std::string) and returns Survey".
[[nodiscard]] inline std::string describe(const TaskInfo& task) {
  if (task.signature.empty()) return std::string(task.name);
  return std::string(task.name) + " " + readable_signature(task.signature);
}

}  // namespace roundhouse

#define RH_TASK_JOIN2(a, b) a##b
#define RH_TASK_JOIN(a, b) RH_TASK_JOIN2(a, b)

#define RH_TASK(...)                                                                        \
  namespace {                                                                               \
  static_assert(sizeof(::roundhouse::detail::task_must_be_one_function_not_an_overload_set( \
                    __VA_ARGS__)) != 0,                                                     \
                "RH_TASK needs a function");                                                \
  const ::roundhouse::detail::Registration RH_TASK_JOIN(rh_task_, __COUNTER__){             \
      __VA_ARGS__,                                                                          \
      #__VA_ARGS__,                                                                         \
      &::roundhouse::detail::Entry<&__VA_ARGS__>::invoke,                                   \
      &::roundhouse::detail::Entry<&__VA_ARGS__>::invoke_map,                               \
      ::roundhouse::detail::Entry<&__VA_ARGS__>::reducer(),                                 \
      __FILE__,                                                                             \
      __LINE__};                                                                            \
  }

// Written once per module, by the source that roundhouse_add_module() generates.
#define RH_MODULE(name)                                                                          \
  extern "C" [[gnu::visibility("default")]] const ::roundhouse::ModuleInfo* roundhouse_module(); \
  extern "C" const ::roundhouse::ModuleInfo* roundhouse_module() {                               \
    static const ::roundhouse::ModuleInfo info{::roundhouse::kModuleAbiVersion,                  \
                                               ::roundhouse::kModuleAbi,                         \
                                               name,                                             \
                                               ::roundhouse::kVersion,                           \
                                               &::roundhouse::detail::tasks_of_this_module,      \
                                               &::roundhouse::detail::attach_to_this_module};    \
    return &info;                                                                                \
  }
