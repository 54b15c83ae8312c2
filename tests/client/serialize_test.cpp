#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include <roundhouse/arguments.hpp>
#include <roundhouse/borrow.hpp>

namespace rh = roundhouse;
using rh::Array;
using rh::Buffer;
using rh::Encoded;
using rh::SerializationError;

namespace serialize_test {

enum class Colour { red, green };

struct Point {
  int x = 0;
  int y = 0;
  MSGPACK_DEFINE(x, y)
  friend bool operator==(const Point&, const Point&) = default;
};

struct Point3 {
  int x = 0;
  int y = 0;
  int z = 0;
  MSGPACK_DEFINE(x, y, z)
};

struct Shape {
  std::string name;
  std::vector<Point> corners;
  std::optional<Point> centre;
  Array<double> weights;
  MSGPACK_DEFINE(name, corners, centre, weights)
  friend bool operator==(const Shape&, const Shape&) = default;
};

struct Shape3 {
  std::string name;
  std::vector<Point3> corners;
  std::optional<Point3> centre;
  Array<double> weights;
  MSGPACK_DEFINE(name, corners, centre, weights)
};

struct Named {
  int a = 7;
  int b = 8;
  MSGPACK_DEFINE_MAP(a, b)
};

struct NamedMore {
  int a = 1;
  int b = 2;
  int c = 3;
  MSGPACK_DEFINE_MAP(a, b, c)
};

// Packs itself by hand, as a list of any length.
struct Bag {
  std::vector<int> items;

  template <class Packer>
  void msgpack_pack(Packer& packer) const {
    packer.pack_array(static_cast<std::uint32_t>(items.size()));
    for (const int item : items) packer.pack_int(item);
  }

  void msgpack_unpack(const msgpack::object& object) { object.convert(items); }
};

}  // namespace serialize_test

MSGPACK_ADD_ENUM(serialize_test::Colour)

namespace {

using namespace serialize_test;

template <class T>
Encoded packed(T&& value) {
  Encoded out;
  rh::encode_result(out, std::forward<T>(value));
  return out;
}

template <class R>
R unpacked(const Encoded& from) {
  return rh::decode_result<R>(from.body, from.frames);
}

template <class T>
T round_trip(const T& value) {
  return unpacked<T>(packed(value));
}

template <class F>
std::string refusal(F&& run) {
  try {
    run();
  } catch (const SerializationError& error) {
    return error.what();
  }
  return "not refused";
}

template <class R>
std::string refusal_of(const Encoded& from) {
  return refusal([&] { (void)unpacked<R>(from); });
}

TEST_CASE("numbers keep their value at the edges of their types") {
  const auto both_ends = []<class T>(T) {
    CHECK(round_trip(std::numeric_limits<T>::min()) == std::numeric_limits<T>::min());
    CHECK(round_trip(std::numeric_limits<T>::max()) == std::numeric_limits<T>::max());
    CHECK(round_trip(T{0}) == T{0});
  };
  both_ends(std::int8_t{});
  both_ends(std::int16_t{});
  both_ends(std::int32_t{});
  both_ends(std::int64_t{});
  both_ends(std::uint8_t{});
  both_ends(std::uint16_t{});
  both_ends(std::uint32_t{});
  both_ends(std::uint64_t{});
  both_ends(char{});
  both_ends(float{});
  both_ends(double{});
  for (const std::int64_t value : {-1, -32, -33, -128, -129, -32768, -32769, 127, 128, 255, 256})
    CHECK(round_trip(value) == value);
  CHECK(round_trip(true));
  CHECK_FALSE(round_trip(false));
}

TEST_CASE("numbers are written as msgpack-c writes them, except that signs may differ") {
  for (const std::int64_t value : {0L, 127L, 128L, 65535L, 65536L, -1L, -33L, -40000L, 1L << 40}) {
    const Encoded ours = packed(value);
    const auto handle = msgpack::unpack(ours.body.data(), ours.body.size());
    CHECK(handle.get().as<std::int64_t>() == value);
    msgpack::sbuffer theirs;
    msgpack::pack(theirs, value);
    CHECK(rh::decode_result<std::int64_t>({theirs.data(), theirs.size()}, {}) == value);
  }
}

TEST_CASE("a number that does not fit is refused, with the number") {
  CHECK(refusal_of<std::int8_t>(packed(300)) ==
        "result (signed char): expected a number that fits it, got 300");
  CHECK(refusal_of<unsigned>(packed(-1)) ==
        "result (unsigned int): expected a number that fits it, got -1");
  CHECK(refusal_of<std::int64_t>(packed(std::numeric_limits<std::uint64_t>::max())) !=
        "not refused");
  CHECK(refusal_of<int>(packed(1.5)) ==
        "result (int): expected an integer, got a floating-point number");
  CHECK(unpacked<double>(packed(3)) == 3.0);
}

TEST_CASE("whatever msgpack-c can pack travels") {
  CHECK(round_trip(std::string("text")) == "text");
  CHECK(round_trip(std::map<std::string, int>{{"a", 1}, {"b", 2}}).at("b") == 2);
  CHECK(round_trip(std::tuple{1, std::string("x"), 2.5}) == std::tuple{1, std::string("x"), 2.5});
  CHECK(round_trip(std::vector<bool>{true, false, true}) == std::vector<bool>{true, false, true});
  CHECK(round_trip(std::vector<Point>{{1, 2}, {3, 4}}) == std::vector<Point>{{1, 2}, {3, 4}});
  CHECK(round_trip(Colour::green) == Colour::green);
  CHECK(round_trip(Bag{{1, 2, 3}}).items.size() == 3);
  const Shape shape{"s", {{1, 2}}, Point{5, 6}, Array<double>{1.0, 2.0}};
  CHECK(round_trip(shape) == shape);
}

TEST_CASE("nothing is a result, too") {
  Encoded out;
  rh::encode_no_result(out);
  unpacked<void>(out);
  CHECK(refusal_of<void>(packed(1)) == "result (void): expected nothing (nil), got an integer");
}

TEST_CASE("a struct of another number of fields is refused, wherever it stands") {
  CHECK(refusal_of<Point3>(packed(Point{})) ==
        "result (serialize_test::Point3): expected a value of 3 fields, got one of 2: was "
        "the module built anew after the engines were started?");
  CHECK(refusal_of<Point>(packed(Point3{})) != "not refused");
  CHECK(refusal_of<std::vector<Point3>>(packed(std::vector<Point>(2))) != "not refused");
  CHECK(refusal_of<Shape3>(packed(Shape{"s", {{1, 2}}, {}, {}})) != "not refused");
  CHECK(refusal_of<Shape3>(packed(Shape{"s", {}, Point{}, {}})) != "not refused");
  CHECK(refusal_of<std::tuple<int, int>>(packed(std::tuple{1, 2, 3})) != "not refused");
  CHECK(refusal_of<Point>(packed(std::string("x"))) != "not refused");
  // Named fields are there to come and go.
  CHECK(unpacked<NamedMore>(packed(Named{})).c == 3);
  CHECK(unpacked<Named>(packed(NamedMore{})).a == 1);
}

TEST_CASE("small arrays travel inside the body, large ones as frames") {
  const std::vector<double> small(2047, 1.5);
  const std::vector<double> large(2048, 2.5);
  CHECK(packed(small).frames.empty());
  CHECK(packed(small).body.size() < small.size() * sizeof(double) + 10);
  CHECK(packed(large).frames.size() == 1);
  CHECK(packed(large).body.size() < 32);
  CHECK(round_trip(small) == small);
  CHECK(round_trip(large) == large);
  CHECK(round_trip(std::vector<double>{}).empty());
  CHECK(round_trip(std::vector<std::byte>(20000, std::byte{3})).size() == 20000);
  CHECK(round_trip(std::vector<std::int16_t>(10000, -5)).at(9999) == -5);
  const std::string text(16384, 'x');
  CHECK(packed(text).frames.size() == 1);
  CHECK(round_trip(text) == text);
  const std::vector<std::string> texts{"a", text, "c"};
  CHECK(packed(texts).frames.size() == 1);
  CHECK(round_trip(texts) == texts);
  const std::vector<std::vector<int>> nested{{1, 2}, {}, std::vector<int>(5000, 7)};
  CHECK(round_trip(nested) == nested);
}

TEST_CASE("lvalues are copied; rvalues, arrays and what is borrowed are not") {
  std::vector<double> values(4096, 1.0);
  const void* memory = values.data();
  CHECK(packed(values).frames[0].data() != memory);
  CHECK_FALSE(packed(values).borrowed);
  const Encoded lent = packed(rh::borrow(values));
  CHECK(lent.frames[0].data() == memory);
  CHECK(lent.borrowed);
  CHECK(packed(std::move(values)).frames[0].data() == memory);

  std::string text(20000, 'x');
  memory = text.data();
  CHECK(packed(rh::borrow(text)).frames[0].data() == memory);
  CHECK(packed(std::move(text)).frames[0].data() == memory);

  const Array<int> array(5000);
  CHECK(packed(array).frames[0].data() == static_cast<const void*>(array.data()));
  CHECK(packed(Shape{"", {}, {}, Array<double>(5000)}).frames.size() == 1);
}

TEST_CASE("a received Array is the frame itself") {
  const Encoded sent = packed(std::vector<double>(4096, 1.0));
  const auto received = unpacked<Array<double>>(sent);
  CHECK(static_cast<const void*>(received.data()) == sent.frames[0].data());
  CHECK_FALSE(received.writeable());
  CHECK(received.size() == 4096);
  const auto small = unpacked<Array<double>>(packed(std::vector<double>{1, 2, 3}));
  CHECK_FALSE(small.writeable());
  CHECK(small[2] == 3);
  const auto shape = unpacked<Shape>(packed(Shape{"", {}, {}, Array<double>(5000)}));
  CHECK(shape.weights.size() == 5000);
}

TEST_CASE("an array larger than a frame is cut, and joined again") {
  std::vector<std::uint32_t> values((33U << 20U) / 4);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::uint32_t>(i);
  const Encoded copied = packed(values);
  REQUIRE(copied.frames.size() == 3);
  for (const Buffer& frame : copied.frames) CHECK(frame.size() <= rh::kArrayFrameBytesMax);
  CHECK(unpacked<std::vector<std::uint32_t>>(copied) == values);
  const auto joined = unpacked<Array<std::uint32_t>>(copied);
  CHECK(joined.size() == values.size());
  CHECK(joined[joined.size() - 1] == values.back());
  const void* memory = values.data();
  const std::vector<std::uint32_t> again = values;
  const Encoded moved = packed(std::move(values));
  CHECK(moved.frames.size() == 3);
  CHECK(moved.frames[0].data() == memory);
  CHECK(unpacked<std::vector<std::uint32_t>>(moved) == again);
}

TEST_CASE("an array of another kind is refused by name") {
  CHECK(refusal_of<std::vector<double>>(packed(std::vector<int>{1})) ==
        "result (std::vector<double>): expected doubles, got 32-bit integers");
  CHECK(refusal_of<std::vector<double>>(packed(std::string("x"))) ==
        "result (std::vector<double>): expected a list, got text");
  // A plain list of numbers will do, as other languages send it.
  msgpack::sbuffer list;
  msgpack::pack(list, std::vector<double>{1, 2});
  CHECK(rh::decode_result<Array<double>>({list.data(), list.size()}, {}).size() == 2);
}

int takes_three(int, const std::string&, std::vector<double>) {
  return 3;
}

std::string decode_three(const Encoded& from) {
  return refusal([&] {
    rh::detail::Decoder in(from.body, from.frames);
    in.begin_arguments(3);
    in.reads("argument", typeid(int).name(), 1, 3);
    (void)rh::detail::Codec<int>::decode(in);
    in.reads("argument", typeid(std::string).name(), 2, 3);
    (void)rh::detail::Codec<std::string>::decode(in);
    in.reads("argument", typeid(std::vector<double>).name(), 3, 3);
    (void)rh::detail::Codec<std::vector<double>>::decode(in);
    in.finish();
  });
}

TEST_CASE("arguments are converted as in a call, and errors say which one is wrong") {
  const std::vector<double> big(3000, 1.0);
  CHECK(decode_three(rh::encode_arguments(&takes_three, 2.0, "text", big)) == "not refused");
  CHECK(decode_three(rh::encode_arguments(&takes_three, 'c', std::string_view("x"),
                                          rh::borrow(big))) == "not refused");
  CHECK(decode_three(rh::encode_arguments(&takes_three, 1, "x", Array<double>(7))) ==
        "not refused");
  CHECK(decode_three(rh::encode_values(1, 2, 3)) ==
        "argument 2 of 3 (std::string): expected text, got an integer");
  CHECK(decode_three(rh::encode_values(1, 2)) == "expected 3 arguments, got 2");
  Encoded longer = rh::encode_values(1, "x", big);
  longer.body.push_back('\xc0');
  CHECK(decode_three(longer) == "1 bytes too many after the last value");
  Encoded more = rh::encode_values(1, "x", big);
  more.frames.push_back(Buffer::copy("left over"));
  CHECK(decode_three(more) == "9 bytes of frames that no value uses");
  CHECK(decode_three({}) ==
        "expected a list of arguments, got nothing: the bytes end here or are "
        "no msgpack");
}

TEST_CASE("descriptions of frames are believed only when they are right") {
  const Encoded good = packed(std::vector<double>(4096, 1.0));
  REQUIRE(refusal_of<std::vector<double>>(good) == "not refused");
  Encoded none = good;
  none.frames.clear();
  CHECK(refusal_of<std::vector<double>>(none) != "not refused");
  Encoded shorter = good;
  shorter.frames[0] = Buffer::copy("12345678");
  CHECK(refusal_of<std::vector<double>>(shorter) ==
        "result (std::vector<double>): expected an array of 32768 bytes, got frames of 8");
  // Two lists that claim the same frame.
  Encoded twice;
  twice.body = "\x92";
  twice.body += good.body + good.body;
  twice.frames = good.frames;
  CHECK(refusal_of<std::vector<std::vector<double>>>(twice) != "not refused");
  // Not a whole number of elements.
  Encoded odd = packed(std::vector<char>(3, 'x'));
  odd.body[2 + 1] = static_cast<char>(rh::detail::ElementKind::f64);
  CHECK(refusal_of<std::vector<double>>(odd) != "not refused");
}

TEST_CASE("hostile lengths and depths are refused without memory") {
  const std::vector<std::string> bodies{{"\xdf\xff\xff\xff\xff", 5},
                                        {"\xdd\xff\xff\xff\xff", 5},
                                        {"\xdb\xff\xff\xff\xff", 5},
                                        {"\xc6\xff\xff\xff\xff", 5},
                                        {"\xc9\xff\xff\xff\xff\x01", 6},
                                        {"\xdd\x00\x00\xff\xff\xc0", 6},
                                        std::string(100'000, '\x91'),
                                        std::string(100'000, '\x81'),
                                        {"\xc1", 1},
                                        {"\xcf\x01", 2},
                                        {}};
  for (const std::string& body : bodies) {
    const Encoded from{body, {}, false};
    CHECK(refusal_of<std::map<std::string, int>>(from) != "not refused");
    CHECK(refusal_of<std::vector<std::string>>(from) != "not refused");
    CHECK(refusal_of<std::vector<double>>(from) != "not refused");
    CHECK(refusal_of<std::string>(from) != "not refused");
    CHECK(refusal_of<Shape>(from) != "not refused");
    CHECK(refusal_of<Array<double>>(from) != "not refused");
    CHECK(refusal_of<std::uint64_t>(from) != "not refused");
  }
}

template <class T>
void decode_anything(const Encoded& from) {
  try {
    (void)unpacked<T>(from);
  } catch (const SerializationError&) {  // the only way to refuse
  }
}

TEST_CASE("damaged bytes never do more than throw SerializationError") {
  std::mt19937 random(20240607);
  const Shape shape{"shape", {{1, 2}, {3, 4}}, Point{5, 6}, Array<double>(3000)};
  std::vector<Encoded> seeds{packed(shape), packed(std::vector<double>(3000, 1.0)),
                             packed(std::vector<std::string>{"a", std::string(20000, 'x')}),
                             packed(std::map<std::string, std::vector<int>>{{"k", {1, 2, 3}}})};
  for (int i = 0; i < 20'000; ++i) {
    Encoded damaged = seeds[random() % seeds.size()];
    for (unsigned n = random() % 4; n > 0 && !damaged.body.empty(); --n)
      damaged.body[random() % damaged.body.size()] = static_cast<char>(random());
    if (random() % 4 == 0) damaged.body.resize(random() % (damaged.body.size() + 1));
    if (random() % 8 == 0) damaged.frames.clear();
    if (random() % 8 == 0) damaged.frames.push_back(Buffer::copy("more"));
    decode_anything<Shape>(damaged);
    decode_anything<std::vector<double>>(damaged);
    decode_anything<Array<double>>(damaged);
    decode_anything<std::vector<std::string>>(damaged);
    decode_anything<std::map<std::string, std::vector<int>>>(damaged);
  }
}

}  // namespace
