// rh::Array<T>: a contiguous array that is handed on without being copied.
//
//   double sum(const rh::Array<double>& samples) {
//     return std::accumulate(samples.begin(), samples.end(), 0.0);
//   }
//
// Elements are what element.hpp allows: numbers, enumerations, plain structs.
// Received ones are read-only views of the bytes as they came, which they keep alive (two
// exceptions: an array smaller than 16 KiB, or of more than one 16 MiB frame, is copied once into
// memory of its own). Copies of a handle share the elements.
// Thread rule: a handle belongs to one thread, the elements may be read by many.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <roundhouse/buffer.hpp>
#include <roundhouse/element.hpp>
#include <roundhouse/error.hpp>

namespace roundhouse {

// Somebody wanted to edit an rh::Array that is read-only, or shared.
class RH_VISIBLE ReadOnlyError : public Exception {
 public:
  explicit ReadOnlyError(const std::string& text) : Exception(Errc::refused, text) {}
};

namespace detail {

// A contiguous range that became a Buffer.
template <class Range>
class RangeBlock final : public Buffer::Block {
 public:
  explicit RangeBlock(Range range) : Block(nullptr, 0), range_(std::move(range)) {
    bytes_ = reinterpret_cast<const char*>(std::ranges::data(range_));
    size_ = std::ranges::size(range_) * sizeof(std::ranges::range_value_t<Range>);
  }

  [[nodiscard]] auto* elements() { return std::ranges::data(range_); }

 private:
  Range range_;
};

// Bytes of something that is kept alive by `whole`, mostly a piece of it.
class PartBlock final : public Buffer::Block {
 public:
  PartBlock(Buffer whole, std::string_view part)
      : Block(part.data(), part.size()), whole_(std::move(whole)) {}

 private:
  Buffer whole_;
};

// Bytes of somebody who promised to keep them.
class BorrowedBlock final : public Buffer::Block {
 public:
  explicit BorrowedBlock(std::string_view bytes) : Block(bytes.data(), bytes.size()) {}
};

}  // namespace detail

template <ArrayElement T>
class Array {
 public:
  using value_type = T;
  using const_iterator = const T*;

  Array() = default;

  // `size` zeros, writeable.
  explicit Array(std::size_t size) : Array(std::vector<T>(size)) {}

  Array(std::initializer_list<T> elements) : Array(std::vector<T>(elements)) {}

  // Takes the vector's memory when it is moved in; writeable.
  explicit Array(std::vector<T> elements) : size_(elements.size()) {
    auto* block = new detail::RangeBlock<std::vector<T>>(std::move(elements));
    editable_ = block->elements();
    data_ = editable_;
    bytes_ = Buffer::adopt(block);
  }

  // A read-only view of `bytes`, whose size must be a multiple of the element's; without a copy
  // unless the bytes are not aligned for T.
  static Array view_of(const Buffer& bytes) {
    const std::size_t count = bytes.size() / sizeof(T);
    if (count == 0) return {};
    Array out;
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(T) != 0) {
      std::vector<T> aligned(count);
      std::memcpy(aligned.data(), bytes.data(), count * sizeof(T));
      out = Array(std::move(aligned));
      out.editable_ = nullptr;
      return out;
    }
    out.size_ = count;
    out.data_ = reinterpret_cast<const T*>(bytes.data());
    out.bytes_ = bytes;
    return out;
  }

  // An Array of its own, with the same elements, that can be edited.
  [[nodiscard]] Array copy() const { return Array(std::vector<T>(begin(), end())); }

  // Whether edit() will do: false for received arrays, and for as long as another handle, or a
  // message on its way, shares the elements.
  [[nodiscard]] bool writeable() const { return editable_ != nullptr && bytes_.owners() == 1; }

  // The elements, to be changed. Throws ReadOnlyError when !writeable().
  [[nodiscard]] std::span<T> edit() {
    if (size_ == 0) return {};
    if (editable_ == nullptr)
      throw ReadOnlyError("this rh::Array is read-only, as all that are received: edit a copy()");
    if (!writeable())
      throw ReadOnlyError(
          "this rh::Array is shared with another handle or is being sent: edit a copy()");
    return {editable_, size_};
  }

  [[nodiscard]] std::size_t size() const { return size_; }

  [[nodiscard]] bool empty() const { return size_ == 0; }

  [[nodiscard]] const T* data() const { return data_; }

  [[nodiscard]] const T* begin() const { return data_; }

  [[nodiscard]] const T* end() const { return data_ + size_; }

  // Precondition: index < size().
  [[nodiscard]] const T& operator[](std::size_t index) const { return data_[index]; }

  // Throws std::out_of_range.
  [[nodiscard]] const T& at(std::size_t index) const {
    if (index >= size_) throw std::out_of_range("rh::Array::at: index beyond the end");
    return data_[index];
  }

  // The bytes behind it, to be sent.
  [[nodiscard]] const Buffer& bytes() const { return bytes_; }

  friend bool operator==(const Array& a, const Array& b) requires std::equality_comparable<T> {
    if (a.size_ != b.size_) return false;
    for (std::size_t i = 0; i < a.size_; ++i) {
      if (!(a.data_[i] == b.data_[i])) return false;
    }
    return true;
  }

 private:
  Buffer bytes_;
  const T* data_ = nullptr;
  std::size_t size_ = 0;
  T* editable_ = nullptr;  // null when read-only
};

namespace detail {

template <class T>
inline constexpr bool kIsArray = false;
template <class T>
inline constexpr bool kIsArray<Array<T>> = true;

}  // namespace detail

}  // namespace roundhouse
