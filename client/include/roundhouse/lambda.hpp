// RH_LAMBDA and RH_SOURCE: functions that a program writes where it uses them, and engines compile.
//
//   RH_SOURCE(
//     struct Point { double x = 0, y = 0; MSGPACK_DEFINE(x, y) };
//     double length(const Point& p) { return std::hypot(p.x, p.y); })
//
//   double sum = any.reduce(RH_LAMBDA([](double a, double b) { return a + b; }), numbers);
//   std::vector<double> all = any.map_sync(RH_LAMBDA([](Point p) { return length(p); }), points);
//   one["limit"] = 5;
//   one.apply_sync(RH_LAMBDA([](int n) { return n < rh::this_engine::get<int>("limit"); }), 3);
//
// RH_LAMBDA(lambda) is a pointer to a function, and a task wherever a function is one: apply, map,
// imap, reduce, remote, parallel, executor(). The compiler of this program checks the lambda; what
// travels is its text, after macros were expanded. An engine compiles it once, optimized (-O2), and
// keeps it until roundhouse.clear. It begins with the headers of the standard library that its text
// needs, and what RH_SOURCE said in the same file of source code, headers included. A first
// parameter that is an rh::Namespace& gets the engine's, as that of a task.
//
// RH_SOURCE(code), at namespace scope, is code of this program and of its lambdas: types,
// functions, templates, using-declarations, variables (each engine has its own, which last, as
// those of a program). RH_SOURCE_INCLUDE(<header>), beside #include <header>, does the same for a
// header that engines have, too; of the standard library it is needed only where no name tells. A
// function that is declared, and not defined, is that of a module (RH_TASK) which the engine has
// loaded.
//
// Not: captures (pass values as arguments), parameters declared auto, a preprocessor's directives
// between the parentheses, names that are declared in this program and not by RH_SOURCE: the engine
// answers with a RemoteError named CompileError, with file and line (that where RH_LAMBDA or
// RH_SOURCE begins: to a compiler a macro is one line). Types of parameters and results are known
// by their names: local ones, and those of unnamed namespaces, cannot travel. All other errors are
// those of tasks and of execute (source.hpp).
// Thread rule: RH_LAMBDA is an expression for any thread.
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <vector>

#include <roundhouse/arguments.hpp>
#include <roundhouse/lambda_task.hpp>
#include <roundhouse/task.hpp>

namespace roundhouse::detail {

// One RH_SOURCE of a file.
struct SourceNode {
  std::string_view text;
  const char* file = "";
  int line = 0;
  const char* place = "";  // a type that was declared beside it, as typeid names it; "": global
  const SourceNode* before = nullptr;
};

// The last one. Each file of source code has its own.
[[maybe_unused]] static const SourceNode* sources_of_this_file = nullptr;

class SourceRegistration {
 public:
  SourceRegistration(const SourceNode*& last, SourceNode node) : node_(node) {
    node_.before = last;
    last = &node_;
  }

  SourceRegistration(const SourceRegistration&) = delete;
  SourceRegistration& operator=(const SourceRegistration&) = delete;
  ~SourceRegistration() = default;

 private:
  SourceNode node_;
};

// What RH_LAMBDA knows of a lambda as text.
struct LambdaText {
  std::string_view text;
  const char* file = "";
  int line = 0;
  const SourceNode* sources = nullptr;
};

// And as a type.
struct LambdaTypes {
  const char* closure = "";
  const char* function = "";  // R(P...)
  std::vector<std::string> parameters;
  std::string result;
};

// The label and the source of a lambda that has all the rest.
void describe_lambda(const LambdaText& text, const LambdaTypes& types, LambdaTask& out);

// Adds it to those that find_task() knows.
void register_lambda(LambdaTask& task, std::atomic<const TaskInfo*>& list);

// The function type of operator().
template <class M>
struct CallOf;

template <class R, class L, class... P>
struct CallOf<R (L::*)(P...)> {
  using type = R(P...);
};

template <class R, class L, class... P>
struct CallOf<R (L::*)(P...) const> : CallOf<R (L::*)(P...)> {};

template <class R, class L, class... P>
struct CallOf<R (L::*)(P...) noexcept> : CallOf<R (L::*)(P...)> {};

template <class R, class L, class... P>
struct CallOf<R (L::*)(P...) const noexcept> : CallOf<R (L::*)(P...)> {};

template <class L>
concept HasOneCall = requires {
  &L::operator();
};

template <class R, class... P>
constexpr void check_lambda(R (*)(P...)) {
  static_assert((check_parameter<P>() && ...));
  static_assert(!std::is_pointer_v<R>, "a task cannot return a pointer: return a value");
}

template <class R, class... P>
constexpr void check_lambda(R (*)(Namespace&, P...)) {
  check_lambda(static_cast<R (*)(P...)>(nullptr));
}

template <class L, class R, class... P>
void use_lambda(R (*function)(P...), const LambdaText& text) {
  check_lambda(function);
  static LambdaTask task;
  static const bool is_registered = [&] {
    task.signature = typeid(typename WireSignature<R(P...)>::type).name();
    task.exact = typeid(R(P...)).name();
    task.address = reinterpret_cast<void (*)()>(function);
    task.file = text.file;
    task.line = text.line;
    describe_lambda(text,
                    {typeid(L).name(),
                     task.exact,
                     {std::string(typeid(std::remove_cvref_t<P>).name())...},
                     typeid(std::remove_cvref_t<R>).name()},
                    task);
    register_lambda(task, first_lambda);
    return true;
  }();
  (void)is_registered;
}

// RH_LAMBDA.
template <class L, class Text>
auto lambda_task([[maybe_unused]] const L& lambda, [[maybe_unused]] const Text& text) {
  static_assert(std::is_class_v<L>, "RH_LAMBDA needs a lambda: write RH_LAMBDA([](int x) {...})");
  static_assert(std::is_default_constructible_v<L>,
                "RH_LAMBDA cannot capture anything, for only its text goes to the engines: pass "
                "values as arguments, or give them names there (push) and get them by "
                "rh::this_engine::get");
  static_assert(HasOneCall<L>, "RH_LAMBDA needs the types of all parameters: no auto");
  if constexpr (HasOneCall<L> && std::is_default_constructible_v<L>) {
    typename CallOf<decltype(&L::operator())>::type* const function = L{};
    use_lambda<L>(function, text());
    return function;
  }
}

}  // namespace roundhouse::detail

#define RH_TEXT_AS_IS(...) #__VA_ARGS__
#define RH_TEXT_OF(...) RH_TEXT_AS_IS(__VA_ARGS__)

#define RH_LAMBDA(...)                                                                   \
  ::roundhouse::detail::lambda_task(__VA_ARGS__, [] {                                    \
    return ::roundhouse::detail::LambdaText{RH_TEXT_OF(__VA_ARGS__), __FILE__, __LINE__, \
                                            ::roundhouse::detail::sources_of_this_file}; \
  })

#define RH_SOURCE(...) RH_SOURCE_AT(__COUNTER__, __VA_ARGS__)
#define RH_SOURCE_AT(number, ...)                                                      \
  __VA_ARGS__                                                                          \
  struct RH_TASK_JOIN(rh_source_, number);                                             \
  [[maybe_unused]] static const ::roundhouse::detail::SourceRegistration RH_TASK_JOIN( \
      rh_source_at_, number){::roundhouse::detail::sources_of_this_file,               \
                             {RH_TEXT_OF(__VA_ARGS__), __FILE__, __LINE__,             \
                              typeid(RH_TASK_JOIN(rh_source_, number)*).name()}};

#define RH_SOURCE_INCLUDE(...) RH_SOURCE_INCLUDE_AT(__COUNTER__, __VA_ARGS__)
#define RH_SOURCE_INCLUDE_AT(number, ...)                                              \
  [[maybe_unused]] static const ::roundhouse::detail::SourceRegistration RH_TASK_JOIN( \
      rh_source_at_, number){::roundhouse::detail::sources_of_this_file,               \
                             {"#include " RH_TEXT_AS_IS(__VA_ARGS__), __FILE__, __LINE__, ""}};
