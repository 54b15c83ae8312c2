#include <array>
#include <complex>
#include <optional>
#include <tuple>
#include <variant>

#include <doctest/doctest.h>

#include "tests/client/sendable_types.hpp"
#include "tests/support/local_hub.hpp"
#include "tests/support/patience.hpp"
#include <roundhouse/roundhouse.hpp>

namespace sendable {

RH_TASK(transposed)
RH_TASK(address_of_text)
RH_TASK(address_of_span)
RH_TASK(address_of_array)
RH_TASK(address_of_signal)

}  // namespace sendable

namespace roundhouse::test {
namespace {

using namespace sendable;
using namespace std::chrono_literals;

constexpr std::size_t kLarge = kInlineArrayBytesMax;

template <class T>
Encoded packed(T&& value) {
  Encoded out;
  encode_result(out, std::forward<T>(value));
  return out;
}

template <class T>
T unpacked(const Encoded& from) {
  return decode_result<T>(from.body, from.frames);
}

template <class T>
T round_trip(const T& value) {
  return unpacked<T>(packed(value));
}

// Whether exactly one frame was made, and is the memory at `memory` itself.
bool is_sent_as_it_is(const Encoded& sent, const void* memory) {
  return sent.frames.size() == 1 && sent.frames[0].data() == memory && sent.body.size() < 64;
}

// What the task returned, which is an address, is where the only frame lies.
template <auto Task>
bool sees_the_frame(const Encoded& arguments) {
  Reply reply;
  detail::Entry<Task>::invoke({arguments.body, arguments.frames}, reply);
  REQUIRE_MESSAGE(reply.ok, reply.error.value);
  return decode_result<std::uint64_t>(reply.result.body, {}) ==
         address(arguments.frames.back().data());
}

TEST_CASE("sending bytes, text or arrays results in exactly zero copies, unless they are small") {
  std::vector<double> numbers(kLarge / 8, 1.0);
  std::vector<std::byte> bytes(kLarge, std::byte{1});
  std::vector<Particle> particles(kLarge / 16, Particle{1, 2, 3});
  std::u16string text(kLarge / 2, u'x');
  std::string plain(kLarge, 'x');
  const void* at = numbers.data();
  CHECK(is_sent_as_it_is(packed(std::move(numbers)), at));
  at = bytes.data();
  CHECK(is_sent_as_it_is(packed(std::move(bytes)), at));
  at = particles.data();
  CHECK(is_sent_as_it_is(packed(std::move(particles)), at));
  at = text.data();
  CHECK(is_sent_as_it_is(packed(std::move(text)), at));
  at = plain.data();
  CHECK(is_sent_as_it_is(packed(std::move(plain)), at));
  CHECK(packed(std::vector<double>(kLarge / 8 - 1)).frames.empty());
  CHECK(packed(std::vector<Particle>(kLarge / 16 - 1)).frames.empty());
}

TEST_CASE("any contiguous range can be lent, and fits wherever its elements are expected") {
  const std::array<double, kLarge / 8> numbers{1, 2, 3};
  CHECK(is_sent_as_it_is(packed(borrow(numbers)), numbers.data()));
  CHECK(packed(borrow(numbers)).borrowed);
  CHECK(packed(numbers).frames[0].data() != reinterpret_cast<const char*>(numbers.data()));
  CHECK(round_trip(numbers) == numbers);
  double (*sum)(std::span<const double>) = nullptr;
  void (*read)(std::span<const char>) = nullptr;
  const Encoded text = encode_arguments(read, std::string("text"));  // characters, not a text
  CHECK(text.body.substr(1) == packed(std::vector<char>{'t', 'e', 'x', 't'}).body);
  const Encoded lent = encode_arguments(sum, borrow(numbers));
  CHECK(is_sent_as_it_is(lent, numbers.data()));
  CHECK(lent.body.substr(1) == packed(std::vector<double>(numbers.begin(), numbers.end())).body);
  CHECK(round_trip(std::array<int, 3>{1, 2, 3}) == std::array<int, 3>{1, 2, 3});
  CHECK_THROWS_WITH_AS((void)(unpacked<std::array<int, 2>>(packed(std::array<int, 3>{}))),
                       doctest::Contains("expected 2 elements, got 3"), SerializationError);
}

TEST_CASE("the receiving side looks into the message itself") {
  CHECK(sees_the_frame<&address_of_text>(encode_values(std::string(kLarge, 'x'))));
  CHECK(sees_the_frame<&address_of_span>(encode_values(std::vector<std::byte>(kLarge))));
  CHECK(sees_the_frame<&address_of_array>(encode_values(std::vector<Particle>(kLarge / 16))));
  const Array<float> large(kLarge / 4);
  CHECK(sees_the_frame<&address_of_signal>(encode_values(Signal{"s", large, large})));
}

struct Everything {
  char name[16];
  Particle particles[3];
  bool flag;
  std::array<float, 2> pair;
};

struct Derived : Particle {
  int more;
};

struct Padded {
  char tag;
  double value;
};

struct Pointing {
  int a;
  const char* pointer;
};

struct Viewing {
  std::string_view view;
  int a;
};

struct Referring {
  int a;
  int& reference;
};

struct Nesting {
  int a;
  Pointing inner[2];
};

TEST_CASE("elements are numbers, enumerations and plain structs; not what points elsewhere") {
  enum class Colour : std::uint8_t { red };
  CHECK(ArrayElement<float>);
  CHECK(ArrayElement<Colour>);
  CHECK(ArrayElement<Padded>);
  CHECK(ArrayElement<Everything>);
  CHECK(ArrayElement<Derived>);
  CHECK(ArrayElement<std::complex<double>>);
  CHECK(ArrayElement<std::array<Particle, 2>>);
  CHECK_FALSE(ArrayElement<bool>);
  CHECK_FALSE(ArrayElement<const char*>);
  CHECK_FALSE(ArrayElement<std::string_view>);
  CHECK_FALSE(ArrayElement<std::optional<int>>);
  CHECK_FALSE(ArrayElement<std::array<const char*, 2>>);
  CHECK_FALSE(ArrayElement<Pointing>);
  CHECK_FALSE(ArrayElement<Viewing>);
  CHECK_FALSE(ArrayElement<Referring>);
  CHECK_FALSE(ArrayElement<Nesting>);
  CHECK_FALSE(ArrayElement<Extent>);  // says by MSGPACK_DEFINE how it is packed
}

TEST_CASE("arrays of structs and complex numbers keep their elements, and their sizes apart") {
  const std::vector<std::complex<double>> waves(2000, {1, 2});
  CHECK(packed(waves).frames.size() == 1);
  CHECK(round_trip(waves) == waves);
  const std::vector<Particle> particles{{1, 2, 3}, {4, 5, 6}};
  CHECK(round_trip(particles) == particles);
  const std::vector<std::array<Particle, 2>> pairs(1);
  CHECK_THROWS_WITH_AS((void)unpacked<std::vector<Particle>>(packed(pairs)),
                       doctest::Contains("expected structs of 16 bytes, got structs of 32 bytes"),
                       SerializationError);
  CHECK_THROWS_WITH_AS((void)unpacked<std::vector<Padded>>(packed(std::vector<int>{1})),
                       doctest::Contains("expected structs of 16 bytes, got 32-bit integers"),
                       SerializationError);
}

TEST_CASE("an object that exposes its buffers is sent without copying them, and rebuilt") {
  std::vector<double> cells(kLarge / 8, 0.5);
  const void* at = cells.data();
  Matrix matrix({2, kLarge / 16}, std::move(cells));
  CHECK(packed(matrix).frames.at(0).data() != at);
  CHECK(is_sent_as_it_is(packed(borrow(matrix)), at));
  CHECK(round_trip(matrix) == matrix);
  CHECK(round_trip(std::vector{matrix, Matrix()}) == std::vector{matrix, Matrix()});
  const Experiment experiment{7, matrix};
  CHECK(packed(experiment).frames.size() == 1);
  CHECK(round_trip(experiment) == experiment);
  const Encoded sent = packed(std::move(matrix));
  CHECK(is_sent_as_it_is(sent, at));
  CHECK(unpacked<Matrix>(sent).cells().size() == kLarge / 8);

  const Signal signal{"s", Array<float>(kLarge / 4), Array<float>{1, 2}};
  CHECK(is_sent_as_it_is(packed(signal), signal.left.data()));
  CHECK(round_trip(signal) == signal);
  CHECK(unpacked<Signal>(packed(signal)).left.data() == signal.left.data());
}

TEST_CASE("buffers that do not fit together are refused by the type that is made of them") {
  Encoded damaged = packed(Matrix({2, 2}, {1, 2, 3, 4}));
  damaged.body[2] = 3;  // rows
  CHECK_THROWS_WITH((void)unpacked<Matrix>(damaged), doctest::Contains("number of cells"));
  CHECK_THROWS_AS((void)unpacked<Signal>(packed(Matrix())), SerializationError);
  CHECK_THROWS_AS((void)unpacked<Matrix>(packed(1)), SerializationError);
  CHECK_THROWS_AS((void)unpacked<Experiment>(packed(std::tuple{1, 2})), SerializationError);
}

TEST_CASE("a variant keeps its alternative") {
  using Value = std::variant<std::monostate, int, std::string, std::vector<Extent>>;
  for (const Value& value : {Value{}, Value{5}, Value{"x"}, Value{std::vector<Extent>{{1, 2}}}})
    CHECK(round_trip(value) == value);
  CHECK_THROWS_AS((void)(unpacked<std::variant<int, bool>>(packed(Value{"x"}))),
                  SerializationError);
  CHECK_THROWS_AS((void)unpacked<Value>(packed(std::tuple{1, "no number"})), SerializationError);
  using Other = std::variant<int, std::tuple<int, int>>;
  CHECK_THROWS_AS((void)unpacked<Other>(packed(std::tuple{1, std::tuple{1, 2, 3}})),
                  SerializationError);
}

TEST_CASE("to edit an array safely after sending it, track its send and wait for it") {
  LocalHub hub;
  const Client client = hub.connect();
  hub.holds_outcomes(true);
  Array<Particle> array(kLarge);
  const auto untracked = client[0].apply_async(address_of_array, array);
  CHECK(untracked.sent());  // nobody asked to know
  const EngineView view = client[0].with({.track = true});
  const auto result = view.apply_async(address_of_array, array);
  CHECK_FALSE(result.sent());
  CHECK_FALSE(result.wait_on_send(1ms));
  CHECK_FALSE(array.writeable());
  CHECK_THROWS_AS((void)array.edit(), ReadOnlyError);
  hub.holds_outcomes(false);
  CHECK(result.wait_on_send(kPatience));
  CHECK(result.sent());
  CHECK(untracked.wait(kPatience));
  CHECK(comes_true_within(kPatience, [&] { return array.writeable(); }));
  array.edit()[0].x = 1;
}

TEST_CASE("what is pushed and scattered is tracked, too, and what is lent always") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const std::vector<double> values(kLarge, 1.0);
  hub.holds_outcomes(true);
  const DirectView view = client[all].with({.track = true});
  const std::vector results{
      client[all].push("a", borrow(values)), view.push("b", Array<double>(kLarge)),
      view.scatter("c", Array<double>(kLarge)), client[all].scatter("d", borrow(values))};
  for (const auto& result : results) CHECK_FALSE(result.sent());
  CHECK(view.push("small", 1).sent());
  hub.holds_outcomes(false);
  for (const auto& result : results) CHECK(result.wait(kPatience));
  CHECK(client[all].gather<double>("d").get(kPatience) == values);
}

TEST_CASE("an argument beyond the stated limit is refused before anything is sent") {
  LocalHub hub;
  const Client client = hub.connect({.call_bytes_max = 1U << 20U});
  const std::vector<std::byte> fits((1U << 20U) - 1000);
  const std::vector<std::byte> large(1U << 20U);
  CHECK(client[0].apply_sync(address_of_span, fits) != 0);
  CHECK_THROWS_WITH_AS((void)client[0].apply_async(address_of_span, borrow(large)),
                       doctest::Contains("ClientOptions::call_bytes_max"), Exception);
  CHECK_THROWS_AS((void)client[all].push("large", large), Exception);
  CHECK_THROWS_AS((void)client[all].scatter("large", large), Exception);
  CHECK(hub.runs() == 1);
  CHECK(client.outstanding().empty());
}

TEST_CASE("a matrix travels to a task and back") {
  LocalHub hub;
  const Client client = hub.connect();
  std::vector<double> cells(200'000);
  cells[1] = 5;
  const Matrix result = client[0].apply_sync(transposed, Matrix({2, 100'000}, std::move(cells)));
  CHECK(result.extent() == Extent{100'000, 2});
  CHECK(result.cells().at(2) == 5);
}

}  // namespace
}  // namespace roundhouse::test
