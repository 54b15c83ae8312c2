// Any bytes as users' arguments and results, of many types: refused with a text or decoded, never a
// crash, nor another exception; and what was decoded is encoded as something that is decoded, and
// encoded, as the same.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "shared/check.hpp"
#include "tests/fuzz/argument_types.hpp"
#include <roundhouse/named_values.hpp>
#include <roundhouse/task.hpp>

using namespace roundhouse;

namespace {

// Runs what reads the input; false when it was refused.
template <class Read>
bool is_readable(Read&& read) {
  try {
    read();
    return true;
  } catch (const SerializationError& refusal) {
    RH_CHECK(!std::string_view(refusal.what()).empty());
    return false;
  }
}

template <class T>
Encoded encoded(const T& value) {
  Encoded out;
  encode_result(out, value);
  return out;
}

template <class T>
void try_as(const Encoded& input) {
  std::optional<T> value;
  if (!is_readable([&] { value.emplace(decode_result<T>(input.body, input.frames)); })) return;
  const Encoded once = encoded(*value);
  RH_CHECK(encoded(decode_result<T>(once.body, once.frames)) == once);
}

template <std::size_t... I>
void try_type(std::size_t number, const Encoded& input, std::index_sequence<I...>) {
  static_cast<void>(
      ((I == number && (try_as<std::tuple_element_t<I, argument_types::Types>>(input), true)) ||
       ...));
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): as users write them
std::size_t task(int number, const std::string& text, std::string_view view,
                 std::span<const double> numbers, std::vector<double>& changed, bool flag,
                 argument_types::Shape shape) {
  changed.push_back(number);
  return text.size() + view.size() + numbers.size() + changed.size() + shape.name.size() +
         (flag ? 1U : 0U);
}

void call(const Encoded& input, bool map) {
  using Task = detail::Entry<&task>;
  Reply reply;
  (map ? Task::invoke_map : Task::invoke)({input.body, input.frames}, reply);
  RH_CHECK(reply.ok != !reply.error.name.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = argument_types::read_input({reinterpret_cast<const char*>(data), size});
  const std::size_t number = read.first;
  const Encoded& input = read.second;
  constexpr std::size_t kCount = std::tuple_size_v<argument_types::Types>;
  try_type(number, input, std::make_index_sequence<kCount>());
  if (number == argument_types::kArgumentList) call(input, false);
  if (number == argument_types::kMapArguments) call(input, true);
  if (number == argument_types::kNamedValues) {
    std::vector<NamedValue> values;
    if (is_readable([&] { values = decode_named_values(input.body, input.frames); })) {
      const Encoded again = encode_named_values(values);
      RH_CHECK(decode_named_values(again.body, again.frames) == values);
    }
  }
  if (number == argument_types::kNames) {
    std::vector<std::string> names;
    if (is_readable([&] { names = decode_names(input.body); }))
      RH_CHECK(decode_names(encode_names(names).body) == names);
  }
  return 0;
}
