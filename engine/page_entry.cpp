#include "engine/page_entry.hpp"

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace roundhouse::engine {
namespace {

char* put(char* at, std::string_view bytes) {
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  return at + bytes.size();
}

// Reads an entry's bytes without believing them.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}

  std::optional<std::string_view> take(std::uint64_t size) {
    const std::uint64_t padded = size > rest_.size() ? size : rounded(size, 8);
    if (padded > rest_.size()) return std::nullopt;
    const std::string_view part = rest_.substr(0, size);
    rest_.remove_prefix(padded);
    return part;
  }

  std::optional<std::uint64_t> number() {
    const auto bytes = take(8);
    if (!bytes) return std::nullopt;
    std::uint64_t value = 0;
    std::memcpy(&value, bytes->data(), 8);
    return value;
  }

 private:
  std::string_view rest_;
};

bool read_payload(const PageEntry& entry, Cursor& cursor, Payload& out) {
  const auto body = cursor.take(entry.body_size);
  if (!body || entry.frames > wire::kFramesMax || entry.spill > entry.frames) return false;
  out = Payload::of(std::string(*body));
  out.spill = entry.spill;
  Frames frames;
  for (std::uint64_t i = 0; i < entry.frames; ++i) {
    const auto size = cursor.number();
    if (!size || *size > wire::kFrameBytesMax) return false;
    const auto frame = cursor.take(*size);
    if (!frame) return false;
    frames.push_back(Buffer::copy(*frame));
  }
  if (!frames.empty()) out.frames = std::make_shared<const Frames>(std::move(frames));
  return true;
}

// What stands for an outcome that was too large to be kept here.
void read_marker(wire::FinishedRecord& out) {
  out.ending = wire::Ending::engine_lost;
  out.payload = Payload::of(wire::encode_error(
      {"EngineError",
       "the engine process died after the task had ended, and its result was too large to be "
       "kept for the hub",
       ""}));
}

}  // namespace

std::size_t entry_bytes(const wire::FinishedRecord& outcome) {
  const Payload& payload = outcome.payload;
  std::size_t size =
      sizeof(PageEntry) + rounded(payload.inline_size(), 8) + rounded(outcome.printed.size, 8);
  if (payload.frames)
    for (const Buffer& frame : *payload.frames) size += 8 + rounded(frame.size(), 8);
  return size;
}

void write_entry(char* at, std::size_t size, std::uint64_t number,
                 const wire::FinishedRecord& outcome, bool marker) {
  const Payload& payload = outcome.payload;
  const PageEntry entry{size,
                        number,
                        outcome.task,
                        outcome.fence,
                        outcome.started_us,
                        outcome.duration_ns,
                        static_cast<std::uint32_t>(outcome.ending),
                        marker ? 1U : 0U,
                        marker ? 0U : static_cast<std::uint32_t>(payload.inline_size()),
                        marker ? 0U : payload.spill,
                        marker ? 0U : payload.frame_count(),
                        marker ? 0U : outcome.printed.size};
  std::memcpy(at, &entry, sizeof entry);
  if (!marker) {
    char* body = at + sizeof entry;
    put(put(body, payload.head()), payload.tail());
    char* frame_at = body + rounded(payload.inline_size(), 8);
    for (std::size_t i = 0; i < payload.frame_count(); ++i) {
      const Buffer& frame = (*payload.frames)[i];
      const std::uint64_t frame_size = frame.size();
      std::memcpy(frame_at, &frame_size, 8);
      put(frame_at + 8, frame.view());
      frame_at += 8 + rounded(frame.size(), 8);
    }
    put(frame_at, outcome.printed.view());
  }
}

bool read_outcome(const PageEntry& entry, const char* at, wire::FinishedRecord& out) {
  out = {entry.task,
         entry.fence,
         static_cast<wire::Ending>(entry.ending),
         entry.started_us,
         entry.duration_ns,
         {},
         {}};
  if (entry.marker != 0) {
    read_marker(out);
    return true;
  }
  Cursor cursor({at + sizeof entry, entry.size - sizeof entry});
  if (!read_payload(entry, cursor, out.payload)) return false;
  const auto printed = cursor.take(entry.printed);
  if (!printed) return false;
  if (!printed->empty()) out.printed = Slice{Buffer::copy(*printed)};
  return true;
}

}  // namespace roundhouse::engine
