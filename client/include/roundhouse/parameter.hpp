// Parameter<P>: holds one argument of a call while the function runs, and passes it on as P.
//
// An argument is a value of its own or, when the caller sent rh::ref, an object of the engine's
// namespace: that itself for a parameter `T&`, a look at it for `const T&` and std::span, a copy
// for `T`. ParameterList<P> is the same for the arguments of many calls at once.
// Thread rule: one call each.
#pragma once

#include <cstddef>
#include <deque>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <roundhouse/arguments.hpp>
#include <roundhouse/this_engine.hpp>

namespace roundhouse::detail {

template <class P>
class Parameter {
  using V = std::remove_cvref_t<P>;
  static constexpr bool kWrites =
      std::is_lvalue_reference_v<P> && !std::is_const_v<std::remove_reference_t<P>>;

 public:
  void read(Decoder& in, std::size_t number, std::size_t count) {
    in.reads("argument", typeid(V).name(), number, count);
    ReferenceView reference;
    if (in.take_reference(reference)) {
      object_ = &get_object<V>(reference.name, kWrites);
    } else {
      own_.emplace(Codec<V>::decode(in));
    }
  }

  [[nodiscard]] P pass() {
    if constexpr (std::is_lvalue_reference_v<P>) {
      return own_ ? *own_ : *object_;
    } else {
      if (!own_) own_.emplace(copied(*object_));
      return std::move(*own_);
    }
  }

 private:
  static V copied(const V& object) {
    if constexpr (std::is_copy_constructible_v<V>) {
      return object;
    } else {
      throw TypeError("the task takes a " + readable_type(typeid(V).name()) +
                      " by value, which cannot be copied from the namespace");
    }
  }

  std::optional<V> own_;
  V* object_ = nullptr;
};

// Text as it lies in the message; joined only when it came in several frames.
template <class P>
requires std::is_same_v<std::remove_cvref_t<P>, std::string_view>

class Parameter<P> {
 public:
  void read(Decoder& in, std::size_t number, std::size_t count) {
    in.reads("argument", typeid(std::string_view).name(), number, count);
    ReferenceView reference;
    if (in.take_reference(reference)) {
      view_ = get_object<std::string>(reference.name, false);
    } else if (in.at_raw()) {
      owner_ = in.take_raw(kText).buffer();
      view_ = owner_.view();
    } else {
      const BodyToken token = in.reader().peek();
      if (token.kind != BodyKind::text && token.kind != BodyKind::binary) in.fail("text");
      in.reader().drop(token);
      view_ = token.bytes;
    }
  }

  [[nodiscard]] std::string_view& pass() { return view_; }

 private:
  Buffer owner_;
  std::string_view view_;
};

// Elements to be read: a view of the frame, or of a named vector.
template <class T>
class Parameter<std::span<const T>> {
 public:
  // `type` is what an error calls it.
  void read(Decoder& in, std::size_t number, std::size_t count,
            const char* type = typeid(std::span<const T>).name()) {
    in.reads("argument", type, number, count);
    ReferenceView reference;
    if (in.take_reference(reference)) {
      view_ = get_object<std::vector<T>>(reference.name, false);
    } else {
      own_ = Codec<Array<T>>::decode(in);
      view_ = own_;
    }
  }

  [[nodiscard]] std::span<const T> pass() { return view_; }

 private:
  Array<T> own_;
  std::span<const T> view_;
};

// Elements to be changed: of a vector of their own, or of a named one.
template <class T>

requires(!std::is_const_v<T>) class Parameter<std::span<T>> {
 public:
  void read(Decoder& in, std::size_t number, std::size_t count) { vector_.read(in, number, count); }

  [[nodiscard]] std::span<T> pass() { return vector_.pass(); }

 private:
  Parameter<std::vector<T>&> vector_;
};

template <class T>
class Parameter<const std::span<const T>&> : public Parameter<std::span<const T>> {};

template <class T>
class Parameter<const std::span<T>&> : public Parameter<std::span<T>> {};

// As many calls as all lists have elements. Throws SerializationError when they differ.
inline std::size_t common_size(std::initializer_list<std::size_t> sizes) {
  if (sizes.size() == 0) throw SerializationError("a function without parameters cannot be mapped");
  for (const std::size_t size : sizes) {
    if (size != *sizes.begin())
      throw SerializationError("the lists of a map have different lengths: " +
                               std::to_string(*sizes.begin()) + " and " + std::to_string(size));
  }
  return *sizes.begin();
}

template <class P>
class ParameterList {
  using V = Stored<P>;
  static constexpr bool kWrites =
      std::is_lvalue_reference_v<P> && !std::is_const_v<std::remove_reference_t<P>>;
  // Numbers that are only read need not be copied out of the message.
  static constexpr bool kView = ArrayElement<V> && !kWrites && !std::is_rvalue_reference_v<P>;
  using List = std::conditional_t<
      kView, std::span<const V>,
      std::conditional_t<std::is_same_v<V, bool>, std::vector<bool>, std::vector<V>&>>;

 public:
  void read(Decoder& in, std::size_t number, std::size_t count) {
    if constexpr (kView)
      list_.read(in, number, count, typeid(V).name());  // the user knows of no span
    else
      list_.read(in, number, count);
    if constexpr (std::is_same_v<V, bool>) {
      const std::vector<bool> bits = list_.pass();
      flags_.assign(bits.begin(), bits.end());
      size_ = flags_.size();
    } else {
      elements_ = list_.pass();
      size_ = elements_.size();
    }
  }

  [[nodiscard]] std::size_t size() const { return size_; }

  [[nodiscard]] decltype(auto) pass(std::size_t index) {
    if constexpr (std::is_same_v<V, bool>) {
      return static_cast<std::add_lvalue_reference_t<bool>>(flags_[index]);
    } else if constexpr (kView) {
      return elements_[index];
    } else if constexpr (std::is_lvalue_reference_v<P> ||
                         !std::is_same_v<V, std::remove_cvref_t<P>>) {
      return static_cast<V&>(elements_[index]);
    } else {
      return std::move(elements_[index]);
    }
  }

 private:
  Parameter<List> list_;
  std::span<std::conditional_t<kView, const V, V>> elements_;
  std::deque<bool> flags_;  // what a std::vector<bool> cannot give: something to refer to
  std::size_t size_ = 0;
};

}  // namespace roundhouse::detail
