#include "shared/pack.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#define MSGPACK_NO_BOOST
#include <doctest/doctest.h>
#include <msgpack.hpp>

using namespace roundhouse::wire;
using namespace std::string_view_literals;

namespace {

template <class Write>
std::string packed(Write write) {
  std::string out;
  Packer packer{out};
  write(packer);
  return out;
}

const std::vector<std::uint64_t> kUnsigned{0,
                                           1,
                                           127,
                                           128,
                                           255,
                                           256,
                                           65535,
                                           65536,
                                           0xffffffff,
                                           0x100000000,
                                           (1ULL << 63U) - 1,
                                           1ULL << 63U,
                                           std::numeric_limits<std::uint64_t>::max()};
const std::vector<std::int64_t> kSigned{0,
                                        -1,
                                        -32,
                                        -33,
                                        -128,
                                        -129,
                                        -32768,
                                        -32769,
                                        -2147483648LL,
                                        -2147483649LL,
                                        127,
                                        128,
                                        std::numeric_limits<std::int64_t>::min(),
                                        std::numeric_limits<std::int64_t>::max()};

}  // namespace

TEST_CASE("integers come back, in the same bytes that msgpack-c reads") {
  for (const std::uint64_t value : kUnsigned) {
    const std::string bytes = packed([&](Packer& p) { p.u64(value); });
    Unpacker u{bytes};
    CHECK(u.u64() == value);
    CHECK(u.done());
    CHECK(msgpack::unpack(bytes.data(), bytes.size()).get().as<std::uint64_t>() == value);
    msgpack::sbuffer theirs;
    msgpack::pack(theirs, value);
    CHECK(std::string_view{theirs.data(), theirs.size()} == bytes);
  }
  for (const std::int64_t value : kSigned) {
    const std::string bytes = packed([&](Packer& p) { p.i64(value); });
    Unpacker u{bytes};
    CHECK(u.i64() == value);
    CHECK(u.done());
    CHECK(msgpack::unpack(bytes.data(), bytes.size()).get().as<std::int64_t>() == value);
    msgpack::sbuffer theirs;
    msgpack::pack(theirs, value);
    const std::string foreign{theirs.data(), theirs.size()};
    Unpacker other{foreign};
    CHECK(other.i64() == value);
    CHECK(other.done());
  }
}

TEST_CASE("numbers that do not fit are mistakes, not other numbers") {
  const std::string large = packed([](Packer& p) { p.u64(1ULL << 63U); });
  CHECK((Unpacker{large}.i64() == 0));
  Unpacker wide{large};
  wide.i64();
  CHECK_FALSE(wide.ok());
  const std::string over = packed([](Packer& p) { p.u64(0x100000000); });
  Unpacker narrow{over};
  CHECK(narrow.u32() == 0);
  CHECK_FALSE(narrow.ok());
  const std::string negative = packed([](Packer& p) { p.i64(-1); });
  Unpacker sign{negative};
  CHECK(sign.u64() == 0);
  CHECK_FALSE(sign.ok());
}

TEST_CASE("positive numbers in a signed form, as some libraries write them, are read") {
  Unpacker u{"\xd0\x05\xd1\x01\x00\xd3\x00\x00\x00\x00\x00\x00\x00\x07"sv};
  CHECK(u.u64() == 5);
  CHECK(u.u32() == 256);
  CHECK(u.u64() == 7);
  CHECK(u.done());
  Unpacker negative{"\xd0\xff"sv};
  negative.u64();
  CHECK_FALSE(negative.ok());
}

TEST_CASE("text, bytes, floats, booleans and nil come back") {
  for (const std::size_t size : {0U, 1U, 31U, 32U, 255U, 256U, 65535U, 65536U}) {
    const std::string value(size, 'x');
    const std::string bytes = packed([&](Packer& p) { p.str(value), p.bin(value); });
    Unpacker u{bytes};
    CHECK(u.str() == value);
    CHECK(u.bin() == value);
    CHECK(u.done());
    Unpacker both{bytes};
    CHECK(both.bin() == value);  // a str is taken for a bin,
    both.str();                  // but not the other way round
    CHECK_FALSE(both.ok());
  }
  const std::string bytes = packed([](Packer& p) {
    p.f64(-2.5), p.u64(3), p.boolean(true), p.boolean(false), p.nil(), p.nil();
  });
  Unpacker u{bytes};
  CHECK(u.f64() == -2.5);
  CHECK(u.f64() == 3.0);
  CHECK(u.boolean());
  CHECK_FALSE(u.boolean());
  CHECK(u.nil());
  CHECK_FALSE(u.boolean());  // nil is no boolean
  CHECK_FALSE(u.ok());
  CHECK((Unpacker{"\xca\x3f\x80\x00\x00"sv}.f64() == 1.0));
}

TEST_CASE("counts are believed only as far as bytes are left") {
  for (const std::size_t count : {0U, 1U, 15U, 16U, 1000U, 70000U}) {
    std::string bytes = packed([&](Packer& p) { p.array(count); });
    bytes.append(count, '\x01');
    CHECK((Unpacker{bytes}.array() == count));
    bytes.pop_back();
    if (count == 0) continue;
    Unpacker u{bytes};
    CHECK(u.array() == 0);
    CHECK_FALSE(u.ok());
  }
  for (const std::string_view hostile :
       {"\xdd\xff\xff\xff\xff"sv, "\xdf\xff\xff\xff\xff"sv, "\xdc\xff\xff"sv, "\xde\x00\x01\x01"sv,
        "\xdb\xff\xff\xff\xff"sv, "\xc6\xff\xff\xff\xff"sv, "\xc9\xff\xff\xff\xff\x01"sv, "\xc1"sv,
        ""sv, "\x91"sv, "\x81\x01"sv, "\xd8"sv, "\xcf\x01"sv}) {
    CAPTURE(hostile.size());
    Unpacker u{hostile};
    u.skip();
    CHECK_FALSE(u.ok());
    CHECK_FALSE(u.done());
    CHECK(Unpacker{hostile}.one().empty());
  }
}

TEST_CASE("deep nesting costs no stack and is skipped whole") {
  std::string nested(1'000'000, '\x91');
  Unpacker unfinished{nested};
  unfinished.skip();
  CHECK_FALSE(unfinished.ok());
  nested.push_back('\x00');
  nested.push_back('\x2a');
  Unpacker u{nested};
  CHECK(u.one().size() == nested.size() - 1);
  CHECK(u.u64() == 42);
  CHECK(u.done());
}

TEST_CASE("every kind of value can be skipped, and nothing of its neighbour") {
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> theirs{buffer};
  theirs.pack_array(14);
  theirs.pack_nil().pack_true().pack_int8(-100).pack_int16(-30000).pack_int32(-70000);
  theirs.pack_int64(-5'000'000'000).pack_uint64(1ULL << 40U).pack_float(1.5F).pack_double(2.5);
  theirs.pack_str(3).pack_str_body("abc", 3).pack_bin(2).pack_bin_body("de", 2);
  theirs.pack_ext(4, 7).pack_ext_body("1234", 4).pack_ext(3, 7).pack_ext_body("123", 3);
  theirs.pack_map(1).pack(std::string("k")).pack(std::vector<int>{1, 2, 3});
  theirs.pack(77);
  const std::string_view bytes{buffer.data(), buffer.size()};
  Unpacker u{bytes};
  CHECK(u.one().size() == bytes.size() - 1);
  CHECK(u.u64() == 77);
  CHECK(u.done());
  for (std::size_t cut = 0; cut + 1 < bytes.size(); ++cut) {
    Unpacker truncated{bytes.substr(0, cut)};
    truncated.skip();
    CHECK_FALSE(truncated.ok());
  }
}

TEST_CASE("after the first mistake everything reads as nothing") {
  Unpacker u{"\xc1\x05\xa1x"sv};
  CHECK(u.u64() == 0);
  CHECK(u.u64() == 0);
  CHECK(u.u32() == 0);
  CHECK(u.i64() == 0);
  CHECK(u.f64() == 0.0);
  CHECK_FALSE(u.boolean());
  CHECK_FALSE(u.nil());
  CHECK(u.str().empty());
  CHECK(u.bin().empty());
  CHECK(u.array() == 0);
  CHECK(u.map() == 0);
  CHECK(u.one().empty());
  CHECK_FALSE(u.ok());
  CHECK_FALSE(u.done());
}
