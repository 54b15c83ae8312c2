// rh::borrow(x): send what `x` holds without copying it.
//
//   auto sent = view.apply_async(sum, rh::borrow(samples));
//   sent.wait_on_send();        // until then `samples` must stay alive and unchanged
//
// Without it an lvalue is copied when it is sent; an rvalue and an rh::Array never are.
#pragma once

#include <memory>
#include <type_traits>

namespace roundhouse {

// Points to `value`; a plain value. Only the memory of std::vector, std::span, std::string and
// rh::Array is borrowed; anything else is packed at once and may be changed directly afterwards.
template <class T>
struct Borrowed {
  const T* value;
};

template <class T>
[[nodiscard]] Borrowed<T> borrow(const T& value) {
  return {std::addressof(value)};
}

// A temporary would be gone before it is sent: pass it as it is, rvalues are not copied.
template <class T>
requires(!std::is_lvalue_reference_v<T>) void borrow(T&& value) = delete;

}  // namespace roundhouse
