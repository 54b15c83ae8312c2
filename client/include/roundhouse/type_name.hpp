// Names of types and signatures, as they travel and as people read them.
//
// On the wire a type is named by its mangled name. What only looks at something is named like the
// thing itself: std::span<const double> and rh::Array<double> as std::vector<double>,
// std::string_view and const char* as std::string, so that the caller of a task by name need not
// know which of them the function takes.
// Thread rule: any thread.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <vector>

#include <cxxabi.h>

#include <roundhouse/array.hpp>
#include <roundhouse/borrow.hpp>
#include <roundhouse/error.hpp>
#include <roundhouse/reference.hpp>

namespace roundhouse {

class Namespace;

namespace detail {

template <class T>
struct WireTypeOf {
  using type = T;
};

template <>
struct WireTypeOf<std::string_view> {
  using type = std::string;
};

template <>
struct WireTypeOf<const char*> {
  using type = std::string;
};

template <>
struct WireTypeOf<char*> {
  using type = std::string;
};

template <class T>
struct WireTypeOf<std::span<T>> {
  using type = std::vector<std::remove_const_t<T>>;
};

template <class T>
struct WireTypeOf<Array<T>> {
  using type = std::vector<T>;
};

template <class T>
struct WireTypeOf<Ref<T>> : WireTypeOf<T> {};

template <class T>
struct WireTypeOf<Borrowed<T>> : WireTypeOf<T> {};

// Reads a mangled name just far enough to find types that have no name of their own.
class MangledName {
 public:
  explicit MangledName(std::string_view text) : text_(text) {}

  // True when some type in it is local to a function, unnamed, or in an unnamed namespace.
  [[nodiscard]] bool has_nameless_type() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == 'Z') return true;
      if (c == 'U' && (next() == 't' || next() == 'l')) return true;
      if (c >= '1' && c <= '9') {
        if (identifier().starts_with("_GLOBAL__N_")) return true;
      } else if (c == 'L') {
        literal();
      } else if ((c == 'S' && is_sequence(next())) || c == 'T' || (c == 'A' && is_digit(next()))) {
        ++at_;
        skip_past('_');
      } else {
        ++at_;
      }
    }
    return false;
  }

 private:
  [[nodiscard]] char next() const { return at_ + 1 < text_.size() ? text_[at_ + 1] : '\0'; }

  [[nodiscard]] static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  [[nodiscard]] static bool is_sequence(char c) {
    return is_digit(c) || (c >= 'A' && c <= 'Z') || c == '_';
  }

  void skip_past(char stop) {
    while (at_ < text_.size() && text_[at_] != stop) ++at_;
    if (at_ < text_.size()) ++at_;
  }

  std::string_view identifier() {
    std::size_t length = 0;
    while (at_ < text_.size() && is_digit(text_[at_]))
      length = length * 10 + static_cast<std::size_t>(text_[at_++] - '0');
    const std::string_view out = text_.substr(at_, length);
    at_ += out.size();
    return out;
  }

  // A template argument that is a value: a type and digits, which are no identifier.
  void literal() {
    ++at_;
    if (at_ < text_.size() && text_[at_] == '_') return;  // a function: read on
    if (at_ < text_.size() && text_[at_] == 'N') {
      ++at_;
      while (at_ < text_.size() && text_[at_] != 'E') {
        if (is_digit(text_[at_])) {
          identifier();
        } else {
          ++at_;
        }
      }
    } else if (at_ < text_.size() && is_digit(text_[at_])) {
      identifier();
    }
    skip_past('E');
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// At most how often a mangled name refers to a part of itself.
inline std::ptrdiff_t repeats(std::string_view mangled) {
  std::ptrdiff_t count = 0;
  for (std::size_t i = 0; i + 1 < mangled.size(); ++i) {
    const char next = mangled[i + 1];
    const bool refers = next == '_' || (next >= '0' && next <= '9') || (next >= 'A' && next <= 'Z');
    if ((mangled[i] == 'S' || mangled[i] == 'T') && refers) ++count;
  }
  return count;
}

inline void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// Removes a template argument that starts with `argument` ("std::allocator<"), with its comma.
inline void drop_argument(std::string& text, std::string_view argument) {
  const std::string start = ", " + std::string(argument);
  for (std::size_t at = text.find(start); at != std::string::npos; at = text.find(start, at)) {
    std::size_t end = at + start.size();
    for (int depth = 1; end < text.size() && depth > 0; ++end) {
      if (text[end] == '<') ++depth;
      if (text[end] == '>') --depth;
    }
    text.erase(at, end - at);
  }
}

}  // namespace detail

// The type under whose name a T travels.
template <class T>
using WireType = typename detail::WireTypeOf<std::decay_t<T>>::type;

// 'name' in quotes for an error message, cut when it is long: it may come from anywhere.
[[nodiscard]] inline std::string quoted(std::string_view name) {
  constexpr std::size_t kShownMax = 200;
  return "'" + std::string(name.substr(0, kShownMax)) + (name.size() > kShownMax ? "..." : "") +
         "'";
}

// "std::vector<std::string>" for a mangled name. The name itself, cut when it is long, when it is
// none, or so involved that nobody would read it: names come from outside, and a short one can
// stand for gigabytes.
[[nodiscard]] inline std::string readable_type(std::string_view mangled) {
  constexpr std::size_t kMangledMax = 2048;
  constexpr std::size_t kReadableMax = 4096;
  constexpr std::ptrdiff_t kRepeatsMax = 32;
  const std::string name(mangled.substr(0, kMangledMax));
  std::unique_ptr<char, void (*)(void*)> demangled(nullptr, &std::free);
  if (mangled.size() <= kMangledMax && detail::repeats(mangled) <= kRepeatsMax) {
    int status = 0;
    demangled.reset(abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status));
  }
  std::string text = demangled == nullptr ? std::string() : std::string(demangled.get());
  if (text.empty() || text.size() > kReadableMax) {
    constexpr std::size_t kShownMax = 200;
    return name.size() <= kShownMax ? name : name.substr(0, kShownMax) + "...";
  }
  detail::replace_all(text, "std::__cxx11::", "std::");
  detail::replace_all(text,
                      "std::basic_string<char, std::char_traits<char>, std::allocator<char> >",
                      "std::string");
  detail::replace_all(text, "std::basic_string_view<char, std::char_traits<char> >",
                      "std::string_view");
  for (const std::string_view argument :
       {"std::allocator<", "std::less<", "std::hash<", "std::equal_to<", "std::default_delete<"})
    detail::drop_argument(text, argument);
  detail::replace_all(text, " >", ">");
  return text;
}

// "takes (std::string, int) and returns Survey" for a signature.
[[nodiscard]] inline std::string readable_signature(std::string_view signature) {
  const std::string text = readable_type(signature);
  if (!text.ends_with(')')) return "is " + text;
  std::size_t open = text.size() - 1;
  for (int depth = 1; open > 0 && depth > 0;) {
    --open;
    if (text[open] == ')') ++depth;
    if (text[open] == '(') --depth;
  }
  std::string result = text.substr(0, open);
  if (result.ends_with(' ')) result.pop_back();
  return "takes " + text.substr(open) + " and returns " + (result == "void" ? "nothing" : result);
}

// What is wrong with a mangled name as a name on the wire; empty when nothing is.
[[nodiscard]] inline std::string naming_problem(std::string_view mangled) {
  if (!detail::MangledName(mangled).has_nameless_type()) return {};
  return "'" + readable_type(mangled) +
         "' uses a type that is local to a function, unnamed, or in an unnamed namespace, and so "
         "has no name that other programs know; define it at namespace scope, in a header";
}

namespace detail {

inline std::string_view checked_name(const char* mangled) {
  if (std::string problem = naming_problem(mangled); !problem.empty())
    throw SerializationError(problem);
  return mangled;
}

}  // namespace detail

// The name of T on the wire. Throws SerializationError for local and unnamed types.
template <class T>
[[nodiscard]] std::string_view type_name() {
  static const std::string_view name = detail::checked_name(typeid(WireType<T>).name());
  return name;
}

namespace detail {

template <class F>
struct WireSignature;

template <class R, class... Args>
struct WireSignature<R(Args...)> {
  using type = WireType<R>(WireType<Args>...);
};

template <class R, class... Args>
struct WireSignature<R(Args...) noexcept> : WireSignature<R(Args...)> {};

// The namespace is the engine's own: no argument of the call.
template <class R, class... Args>
struct WireSignature<R(Namespace&, Args...)> : WireSignature<R(Args...)> {};

}  // namespace detail

// The signature of R(Args...) on the wire. Throws SerializationError for local and unnamed types.
template <class F>
[[nodiscard]] std::string_view signature_of() {
  static const std::string_view name =
      detail::checked_name(typeid(typename detail::WireSignature<F>::type).name());
  return name;
}

}  // namespace roundhouse
