// Values in packed form, and the limits of that form.
//
// A packed value or argument list is a `body`, one msgpack value, and `frames`: bulk bytes that
// the body refers to and that nobody copies on the way. Whoever carries it looks inside neither.
// Thread rule: plain values.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <roundhouse/buffer.hpp>

namespace roundhouse {

// Arrays and texts of this many bytes or more travel as frames, smaller ones inside the body.
inline constexpr std::size_t kInlineArrayBytesMax = 16U << 10U;

// No frame is larger: a larger array is cut into several.
inline constexpr std::size_t kArrayFrameBytesMax = 16U << 20U;

// Frames of one argument list or result: 16 GiB in all.
inline constexpr std::size_t kArrayFramesMax = 1024;

// How deep lists and maps may be nested in a body.
inline constexpr std::size_t kBodyDepthMax = 64;

struct Encoded {
  std::string body;
  std::vector<Buffer> frames;
  // Some frame points into memory of the caller (rh::borrow), who must leave it alone until the
  // last handle of that frame is dropped.
  bool borrowed = false;

  // Empty again, keeping its capacity.
  void clear() {
    body.clear();
    frames.clear();
    borrowed = false;
  }

  friend bool operator==(const Encoded&, const Encoded&) = default;
};

// One value of an engine's namespace as it travels. `type` is type_name<T>().
struct PackedValue {
  std::string type;
  Encoded value;

  friend bool operator==(const PackedValue&, const PackedValue&) = default;
};

struct NamedValue {
  std::string name;
  PackedValue packed;

  friend bool operator==(const NamedValue&, const NamedValue&) = default;
};

}  // namespace roundhouse
