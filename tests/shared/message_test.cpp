#include "shared/message.hpp"

#include <string>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "shared/pack.hpp"
#include "shared/records.hpp"
#include "tests/shared/samples.hpp"
#include <roundhouse/version.hpp>

using namespace roundhouse;
using namespace roundhouse::wire;

namespace {

Message message_of(std::string bytes) {
  return {Buffer::take(std::move(bytes)), {}};
}

std::string bytes_of(const Message& message) {
  return std::string(message.header.view());
}

template <class F>
void for_each_sample(F check) {
  std::apply([&check](const auto&... sample) { (check(sample), ...); }, samples::maps());
}

// A message of the kind with these pairs in its map.
template <class Write>
Message map_message(Kind kind, std::size_t pairs, Write write) {
  std::string bytes{'R', 'H', static_cast<char>(kProtocolMajor), static_cast<char>(kind)};
  Packer packer{bytes};
  packer.map(pairs);
  write(packer);
  return message_of(std::move(bytes));
}

// Decodes whatever it is: a map, or a batch of any of the kinds. Nothing but a crash is wrong.
bool decodes(const Message& message) {
  Batch<SubmitRecord> submits;
  Batch<AssignRecord> assigns;
  Batch<FinishedRecord> finished;
  Batch<OutcomeRecord> outcomes;
  Batch<HoldingRecord> holdings;
  const bool as_batch = decode_batch(message, submits).ok() | decode_batch(message, assigns).ok() |
                        decode_batch(message, finished).ok() |
                        decode_batch(message, outcomes).ok() | decode_batch(message, holdings).ok();
  const auto as_map = decode(message);
  CHECK((as_map.ok() || !as_map.error().text.empty()));
  return as_map.ok() || as_batch;
}

}  // namespace

TEST_CASE("every map message comes back with every field") {
  for_each_sample([](const auto& sample) {
    using M = std::decay_t<decltype(sample)>;
    const Message message = encode(sample);
    CAPTURE(describe(sample));
    CHECK(kind_of(message).value() == M::kKind);
    const auto back = decode_as<M>(message);
    REQUIRE(back.ok());
    CHECK(*back == sample);
    const auto any = decode(message);
    REQUIRE(any.ok());
    CHECK(std::get<M>(*any) == sample);
    const auto plain = decode_as<M>(encode(M{}));
    REQUIRE(plain.ok());
    CHECK(*plain == M{});
  });
}

TEST_CASE("a message cut short anywhere is refused") {
  for (const auto& [name, message] : samples::all()) {
    CAPTURE(name);
    const std::string bytes = bytes_of(message);
    for (std::size_t size = 0; size < bytes.size(); ++size)
      CHECK_FALSE(decodes({Buffer::copy(bytes.substr(0, size)), message.frames}));
    CHECK_FALSE(decodes({Buffer::copy(bytes + '\x01'), message.frames}));
    CHECK(decodes({Buffer::copy(bytes), message.frames}));
  }
}

TEST_CASE("any one wrong byte does no harm") {
  for (const auto& [name, message] : samples::all()) {
    CAPTURE(name);
    const std::string bytes = bytes_of(message);
    for (std::size_t at = 0; at < bytes.size(); ++at)
      for (const int flip : {0x01, 0x80, 0xff, 0x5f, 0x1f, 0xc1 ^ bytes[at], 0xdd ^ bytes[at]}) {
        std::string wrong = bytes;
        wrong[at] = static_cast<char>(wrong[at] ^ flip);
        decodes({Buffer::take(std::move(wrong)), message.frames});
      }
  }
}

TEST_CASE("what is not ours, of another version or unknown is refused by name") {
  CHECK(kind_of(message_of("")).error().code == Errc::malformed);
  CHECK(kind_of(message_of("RH\x01")).error().code == Errc::malformed);
  CHECK(kind_of(message_of("HTTP/1.1")).error().code == Errc::malformed);
  const auto version = kind_of(message_of(std::string("RH\x02\x01", 4)));
  CHECK(version.error().code == Errc::version);
  CHECK(version.error().text.find("2") != std::string::npos);
  const auto unknown = kind_of(message_of(std::string("RH\x01\xc8", 4)));
  CHECK(unknown.error().text.find("200") != std::string::npos);
  CHECK(kind_of(message_of(std::string(kHeaderBytesMax + 1, 'R'))).error().code == Errc::too_large);
  CHECK(decode(samples::batch(samples::submits(), 0)).error().code == Errc::malformed);
  const auto other = decode_as<Beat>(encode(Who{}));
  CHECK(other.error().text == "expected beat, got who");
}

TEST_CASE("unknown keys are skipped and missing ones keep their default") {
  const Message message = map_message(Kind::welcome, 3, [](Packer& p) {
    p.str("later"), p.map(1), p.str("x"), p.array(2), p.nil(), p.f64(1.5);
    p.str("epoch"), p.u64(7);
    p.str("also_later"), p.bin("bytes");
  });
  const auto welcome = decode_as<Welcome>(message);
  REQUIRE(welcome.ok());
  Welcome expected;
  expected.epoch = 7;
  CHECK(*welcome == expected);
  CHECK(decode_as<Hello>(map_message(Kind::hello, 0, [](Packer&) {})).value() == Hello{});
}

TEST_CASE("the error names the key and the kind that were wrong") {
  const auto wrong = [](Kind kind, std::string_view key, auto write) {
    return decode(map_message(kind, 1,
                              [&](Packer& p) {
                                p.str(key);
                                write(p);
                              }))
        .error()
        .text;
  };
  const auto names = [](const std::string& text, std::string_view key, std::string_view kind) {
    CAPTURE(text);
    CHECK(text.find(key) != std::string::npos);
    CHECK(text.find(kind) != std::string::npos);
  };
  names(wrong(Kind::hello, "role", [](Packer& p) { p.u64(4); }), "role", "hello");
  names(wrong(Kind::hello, "uuid", [](Packer& p) { p.bin("short"); }), "uuid", "hello");
  names(wrong(Kind::hello, "slots", [](Packer& p) { p.u64(1ULL << 32U); }), "slots", "hello");
  names(wrong(Kind::hello, "slots", [](Packer& p) { p.i64(-1); }), "slots", "hello");
  names(wrong(Kind::hello, "ended", [](Packer& p) { p.array(1), p.array(2), p.u64(9), p.u64(8); }),
        "ended", "hello");
  names(wrong(Kind::define, "priority", [](Packer& p) { p.i64(1LL << 40U); }), "priority",
        "define");
  names(wrong(Kind::refused, "fatal", [](Packer& p) { p.u64(1); }), "fatal", "refused");
  names(wrong(Kind::died, "running", [](Packer& p) { p.array(1), p.array(3); }), "running", "died");
  names(wrong(Kind::request, "body", [](Packer&) {}), "body", "request");
}

TEST_CASE("a list may be long, but no longer than the limit") {
  Revoke revoke;
  revoke.numbers.assign(kListMax, 1);
  CHECK(decode_as<Revoke>(encode(revoke)).ok());
  revoke.numbers.push_back(1);
  CHECK_FALSE(decode_as<Revoke>(encode(revoke)).ok());
  const Message huge = map_message(
      Kind::revoke, 1, [](Packer& p) { p.str("numbers"), p.raw("\xdd\xff\xff\xff\xff"); });
  CHECK(decode(huge).error().text.find("numbers") != std::string::npos);
  const Message map = message_of(std::string("RH\x01\x05\xdf\xff\xff\xff\xff", 9));
  CHECK_FALSE(decode(map).ok());
}

TEST_CASE("deep nesting is skipped where nobody looks and kept where it is carried") {
  std::string deep(100'000, '\x91');
  deep.push_back('\x00');
  const Message skipped =
      map_message(Kind::beat, 1, [&](Packer& p) { p.str("later"), p.raw(deep); });
  CHECK(decode_as<Beat>(skipped).ok());
  const auto carried = decode_as<Request>(encode(Request{1, "x", {deep}}));
  REQUIRE(carried.ok());
  CHECK(carried->body.bytes == deep);
}

TEST_CASE("a message is told in one line, without what says nothing") {
  CHECK(describe(Beat{3}) == "beat number=3");
  CHECK(describe(Who{}) == "who");
  CHECK(describe(Revoke{{1, 2}}) == "revoke numbers=[1,2]");
  CHECK(describe(Refused{"version", "old", true}) ==
        "refused code='version' text='old' fatal=true");
  Died died;
  died.signal = 11;
  died.running = {{{SessionId{1}, 2}, {3, 4}}};
  CHECK(describe(died) == "died signal=11 running=[00000000000000010000000000000002#3.4]");
  for_each_sample([](const auto& sample) { CHECK_FALSE(describe(sample).empty()); });
}
