#include "hub/core/payload_part.hpp"

#include <doctest/doctest.h>

#include "hub/blobs.hpp"
#include "tests/support/packed_json.hpp"
#include "tests/support/temp_dir.hpp"

namespace roundhouse::hub {
namespace {

using test::TempDir;

Payload payload_of(const std::string& body, const std::vector<std::size_t>& sizes) {
  Payload out = Payload::of(body);
  Frames frames;
  char fill = 'a';
  for (const std::size_t size : sizes) frames.push_back(Buffer::take(std::string(size, fill++)));
  if (!frames.empty()) out.frames = std::make_shared<const Frames>(std::move(frames));
  return out;
}

// What whoever asks part by part puts together: body, sizes, bytes.
template <class AskPart>
std::tuple<std::string, std::vector<std::uint64_t>, std::string> fetch(const AskPart& ask) {
  const PayloadPart first = ask(0);
  std::uint64_t total = 0;
  for (const std::uint64_t size : first.frames) total += size;
  std::string bytes = first.bytes;
  while (bytes.size() < total) {
    const PayloadPart part = ask(bytes.size());
    CHECK(part.frames.empty());
    CHECK(part.body.empty());
    CHECK(part.bytes.size() <= kPayloadPartBytes);
    REQUIRE_FALSE(part.bytes.empty());
    bytes += part.bytes;
  }
  return {first.body, first.frames, bytes};
}

}  // namespace

TEST_CASE("a payload is put together of its parts, from memory and from a file") {
  const TempDir dir;
  BlobFolder blobs(dir.file("blobs"), false);
  std::int64_t key = 0;
  for (const auto& sizes : std::vector<std::vector<std::size_t>>{
           {}, {0}, {10, 20}, {kPayloadPartBytes}, {300'000, 0, 700'000, 1}, {3'000'000}}) {
    CAPTURE(sizes.size());
    for (const std::size_t body_bytes : {std::size_t{7}, std::size_t{900'000}}) {
      CAPTURE(body_bytes);
      const Payload payload = payload_of(std::string(body_bytes, 'B'), sizes);
      static const Frames kNone;
      blobs.write(BlobKind::result, ++key, payload.body(), 0,
                  payload.frames ? *payload.frames : kNone);
      const auto memory = fetch([&](std::uint64_t at) { return part_of(payload, at); });
      const auto file =
          fetch([&](std::uint64_t at) { return blobs.read_part(BlobKind::result, key, at); });
      CHECK(memory == file);
      std::string all = payload.body();
      if (payload.frames)
        for (const Buffer& frame : *payload.frames) all += frame.view();
      CHECK(std::get<0>(memory) + std::get<2>(memory) == all);
      const std::size_t ahead = body_bytes > wire::kInlineBytesMax ? 1 : 0;
      CHECK(std::get<1>(memory).size() == sizes.size() + ahead);
      CHECK(part_of(payload, 0).spill == ahead);
    }
  }
}

TEST_CASE("a part beyond the end is empty") {
  const Payload payload = payload_of("body", {100});
  CHECK(part_of(payload, 100).bytes.empty());
  CHECK(part_of(payload, 1'000'000).bytes.empty());
}

TEST_CASE("arguments tell what is called with them, in the first part") {
  wire::Define define;
  define.function = "f";
  define.signature = "FivE";
  define.view = "direct";
  define.targets = {1, 2};
  define.priority = -3;
  PayloadPart part = part_of(Payload::of("body"), 0);
  part.define = &define;
  part.engine = EngineId{4};
  std::string out;
  pack_payload_part(part, out);
  const test::Json told = test::unpacked(out);
  CHECK(told["function"] == "f");
  CHECK(told["signature"] == "FivE");
  CHECK(told["targets"] == test::Json{1, 2});
  CHECK(told["priority"] == -3);
  CHECK(told["engine"] == 4);
  CHECK(told["spill"] == 0);
}

}  // namespace roundhouse::hub
