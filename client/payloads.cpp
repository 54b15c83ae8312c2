#include "client/payloads.hpp"

#include <algorithm>
#include <memory>
#include <string>

#include "shared/check.hpp"
#include <roundhouse/array.hpp>
#include <roundhouse/error.hpp>

namespace roundhouse::detail {
namespace {

// Inline bytes of a run: small beside a message, so that messages are filled well.
constexpr std::size_t kRunBytesMax = wire::kBatchBytesMax / 2;
// What the tasks of a run depend on comes on top, and the two fit behind a batch that is almost
// full.
static_assert(kRunBytesMax + 24 * wire::kDependencyRangesMax + 2 * wire::kBatchBytesMax <
              wire::kHeaderBytesMax);

void put_u32(std::string& out, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

Slice pack_engines(std::span<const int> engines) {
  if (engines.empty()) return {};
  std::string bytes;
  bytes.reserve(4 * engines.size());
  for (const int engine : engines) put_u32(bytes, static_cast<std::uint32_t>(engine));
  return Slice(Buffer::copy(bytes));
}

bool small(const Encoded& encoded) {
  return encoded.frames.empty() && encoded.body.size() <= wire::kInlineBytesMax;
}

// The tasks of these bodies, all of them small, as one record.
wire::SubmitRecord make_run(std::span<const int> engines, std::span<Encoded> bodies) {
  wire::SubmitRecord out;
  out.count = static_cast<std::uint32_t>(bodies.size());
  out.engines = pack_engines(engines);
  if (bodies.size() == 1) {
    out.payload = make_payload(std::move(bodies[0]));
    return out;
  }
  std::string ends;
  std::string tail;
  for (const Encoded& body : bodies) {
    tail.append(body.body);
    put_u32(ends, static_cast<std::uint32_t>(tail.size()));
  }
  out.ends = Slice(Buffer::take(std::move(ends)));
  out.payload.tail_size = static_cast<std::uint32_t>(tail.size());
  out.payload.block = Buffer::take(std::move(tail));
  return out;
}

void require_size(const Encoded& encoded, std::size_t bytes_max) {
  std::size_t bytes = encoded.body.size();
  for (const Buffer& frame : encoded.frames) bytes += frame.size();
  if (bytes > bytes_max)
    throw Exception(Errc::too_large,
                    "the arguments of one call take " + std::to_string(bytes) + " bytes; at most " +
                        std::to_string(bytes_max) +
                        " are allowed (ClientOptions::call_bytes_max): send less at a time");
}

}  // namespace

Payload make_payload(Encoded&& encoded) {
  if (small(encoded)) return Payload::of(std::move(encoded.body));
  Payload out;
  Frames frames;
  if (encoded.body.size() <= wire::kInlineBytesMax) {
    out = Payload::of(std::move(encoded.body));
  } else {
    const Buffer whole = Buffer::take(std::move(encoded.body));
    const std::string_view bytes = whole.view();
    for (std::size_t at = 0; at < bytes.size(); at += wire::kFrameBytesMax) {
      const std::string_view part = bytes.substr(at, wire::kFrameBytesMax);
      frames.push_back(part.size() == bytes.size() ? whole
                                                   : Buffer::adopt(new PartBlock(whole, part)));
    }
    out.spill = static_cast<std::uint32_t>(frames.size());
  }
  frames.insert(frames.end(), std::make_move_iterator(encoded.frames.begin()),
                std::make_move_iterator(encoded.frames.end()));
  if (frames.size() > wire::kFramesMax)
    throw Exception(Errc::too_large, "the arguments of one call take " +
                                         std::to_string(frames.size()) +
                                         " frames of at most 16 MiB; at most " +
                                         std::to_string(wire::kFramesMax) + " are allowed");
  out.frames = std::make_shared<const Frames>(std::move(frames));
  return out;
}

Records make_records(std::span<const int> engines, std::span<Encoded> bodies,
                     std::size_t bytes_max) {
  RH_CHECK(!bodies.empty());
  for (const Encoded& body : bodies) require_size(body, bytes_max);
  RH_CHECK(engines.empty() || bodies.size() == 1 || bodies.size() == engines.size());
  Records out;
  if (bodies.size() == 1) {
    wire::SubmitRecord record;
    record.count = static_cast<std::uint32_t>(std::max<std::size_t>(engines.size(), 1));
    record.engines = pack_engines(engines);
    record.payload = make_payload(std::move(bodies[0]));
    out.add(std::move(record));
    return out;
  }
  // Bulk frames are a record's own: a body with frames is a record by itself.
  for (std::size_t from = 0; from < bodies.size();) {
    std::size_t to = from + 1;
    std::size_t bytes = bodies[from].body.size();
    const std::size_t limit = std::min(bodies.size(), from + wire::kRunTasksMax);
    while (small(bodies[from]) && to < limit && small(bodies[to]) &&
           bytes + bodies[to].body.size() <= kRunBytesMax)
      bytes += bodies[to++].body.size() + sizeof(std::uint32_t);
    const auto ids = engines.empty() ? engines : engines.subspan(from, to - from);
    out.add(make_run(ids, bodies.subspan(from, to - from)));
    from = to;
  }
  return out;
}

}  // namespace roundhouse::detail
