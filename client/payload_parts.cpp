#include "client/payload_parts.hpp"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "shared/message.hpp"
#include "shared/pack.hpp"

namespace roundhouse::detail {
namespace {

Error malformed(const char* what) {
  return {Errc::malformed, std::string("the hub told a part of a payload with ") + what};
}

}  // namespace

Result<void> PayloadParts::begin(const BodyMap& part) {
  begun_ = true;
  body_ = part.text("body");
  spill_ = static_cast<std::uint32_t>(part.number("spill").value_or(0));
  for (const std::string_view size : part.list("frames")) {
    sizes_.push_back(wire::Unpacker(size).u64());
    if (sizes_.back() > wire::kFrameBytesMax || sizes_.size() > wire::kFramesMax)
      return malformed("frames over the limit");
    total_ += sizes_.back();
  }
  frames_.resize(sizes_.size());
  if (spill_ > sizes_.size()) return malformed("more spill than frames");
  return {};
}

Result<void> PayloadParts::add(const BodyMap& part) {
  if (part.number("offset") != offset_) return malformed("another offset than was asked for");
  if (!begun_)
    if (auto begun = begin(part); !begun) return begun;
  const std::string text = part.text("bytes");
  std::string_view bytes = text;
  if (bytes.size() > total_ - offset_) return malformed("more bytes than its frames have");
  if (bytes.empty() && offset_ < total_) return malformed("no bytes");
  offset_ += bytes.size();
  for (; frame_ < sizes_.size(); ++frame_) {
    std::string& frame = frames_[frame_];
    if (frame.empty()) frame.reserve(sizes_[frame_]);
    const std::string_view piece = bytes.substr(0, sizes_[frame_] - frame.size());
    frame.append(piece);
    bytes.remove_prefix(piece.size());
    if (frame.size() < sizes_[frame_]) break;
  }
  return {};
}

Payload PayloadParts::take() {
  Payload out = Payload::of(std::move(body_));
  out.spill = spill_;
  if (frames_.empty()) return out;
  Frames frames;
  for (std::string& frame : frames_) frames.push_back(Buffer::take(std::move(frame)));
  out.frames = std::make_shared<const Frames>(std::move(frames));
  return out;
}

}  // namespace roundhouse::detail
