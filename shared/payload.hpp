#pragma once

// CORE. Payload: the bytes of one task's arguments or of one outcome, as the hub carries them.
//
// Two pieces of one block (what a run of tasks shares, and this task's own), and bulk frames.
// Opaque: nobody between client and engine looks inside. Thread rule: a plain value of counted
// handles; the bytes never change.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <roundhouse/buffer.hpp>

namespace roundhouse {

using Frames = std::vector<Buffer>;

struct Payload {
  Buffer block;
  std::uint32_t head_at = 0;
  std::uint32_t head_size = 0;
  std::uint32_t tail_at = 0;
  std::uint32_t tail_size = 0;
  // How many of the first frames are the body itself, cut in pieces, because it was too large to
  // travel in the record; then head and tail are empty.
  std::uint32_t spill = 0;
  std::shared_ptr<const Frames> frames;  // null when there are none; shared by the tasks of a run

  static Payload of(std::string body) {
    Payload out;
    out.head_size = static_cast<std::uint32_t>(body.size());
    out.block = Buffer::take(std::move(body));
    return out;
  }

  [[nodiscard]] std::string_view head() const { return block.view().substr(head_at, head_size); }

  [[nodiscard]] std::string_view tail() const { return block.view().substr(tail_at, tail_size); }

  [[nodiscard]] std::size_t inline_size() const { return std::size_t{head_size} + tail_size; }

  [[nodiscard]] std::size_t frame_count() const { return frames ? frames->size() : 0; }

  // Bytes in all: what counts against a session's credit.
  [[nodiscard]] std::size_t size() const {
    std::size_t total = inline_size();
    if (frames)
      for (const Buffer& frame : *frames) total += frame.size();
    return total;
  }

  // Puts head and tail into a block of their own, so that what they came in can be freed.
  void stand_alone() {
    std::string own;
    own.reserve(inline_size());
    own.append(head()).append(tail());
    head_at = 0, tail_at = head_size;
    block = own.empty() ? Buffer() : Buffer::take(std::move(own));
  }

  // The body in one piece: joined from both pieces, or from the spilled frames.
  [[nodiscard]] std::string body() const {
    std::string out;
    out.reserve(inline_size());
    out.append(head()).append(tail());
    for (std::uint32_t i = 0; i < spill && i < frame_count(); ++i) out.append((*frames)[i].view());
    return out;
  }

  friend bool operator==(const Payload& a, const Payload& b) {
    if (a.body() != b.body() || a.frame_count() != b.frame_count()) return false;
    for (std::size_t i = 0; i < a.frame_count(); ++i)
      if (!((*a.frames)[i] == (*b.frames)[i])) return false;
    return true;
  }
};

}  // namespace roundhouse
