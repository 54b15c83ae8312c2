#include "cli/call_words.hpp"

#include <sstream>

#include <doctest/doctest.h>

#include "cli/commands.hpp"
#include "cli/json_value.hpp"
#include <roundhouse/arguments.hpp>

namespace roundhouse::cli {

namespace {

// The arguments as JSON; those by name are an object.
Json arguments_in(const Encoded& packed) {
  detail::Decoder in(packed.body, packed.frames);
  Json out = Json::array();
  const std::size_t count = in.take_list();
  for (std::size_t i = 0; i < count; ++i) {
    std::string_view map;
    detail::ReferenceView reference;
    if (in.take_keywords(map))
      out.push_back({{"by name", decode_result<JsonValue>(map, {}).json}});
    else if (in.take_reference(reference))
      out.push_back({{"named", std::string(reference.name)}});
    else
      out.push_back(read_json(in));
  }
  in.finish();
  return out;
}

Json arguments_of(const std::vector<std::string>& words) {
  return arguments_in(encode_words(words));
}

std::string refusal(const std::vector<std::string>& words) {
  try {
    (void)encode_words(words);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "not refused";
}

bool has(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

Sequences::Lines lines_of(std::istream& from) {
  return [&from]() -> std::optional<std::string> {
    std::string line;
    if (!std::getline(from, line)) return std::nullopt;
    return line;
  };
}

Json all_of(Sequences& sequences, std::size_t chunk) {
  Json out = Json::array();
  while (const auto piece = sequences.next(chunk)) out.push_back(arguments_in(piece->arguments));
  return out;
}

}  // namespace

TEST_CASE("a word is JSON, or else a text") {
  CHECK(parse_word("5") == 5);
  CHECK(parse_word("-0.5") == -0.5);
  CHECK(parse_word("true") == true);
  CHECK(parse_word("\"5\"") == "5");
  CHECK(parse_word("/etc/passwd") == "/etc/passwd");
  CHECK(parse_word("").get<std::string>().empty());
  CHECK(parse_word("[1, {\"a\": null}]") == Json::parse(R"([1, {"a": null}])"));
  CHECK(parse_word("[1") == "[1");
  CHECK_THROWS_AS((void)parse_word(std::string(40, '[') + std::string(40, ']')), UsageError);
}

TEST_CASE("arguments come in their order, those by name as one at the end") {
  CHECK(arguments_of({}) == Json::array());
  CHECK(arguments_of({"1", "x", "[1.5,2]"}) == Json::parse(R"([1, "x", [1.5, 2]])"));
  CHECK(arguments_of({"x", "rate=0.5", "name=night owl"}) ==
        Json::parse(R"(["x", {"by name": {"rate": 0.5, "name": "night owl"}}])"));
  CHECK(arguments_of({"@samples", "@"}) == Json::parse(R"([{"named": "samples"}, "@"])"));
  CHECK(arguments_of({"\"a=b\"", "5=5", "=", "a b=c"}) ==
        Json::parse(R"(["a=b", "5=5", "=", "a b=c"])"));
  CHECK(arguments_of({R"({"a": 1})"}) == Json::parse(R"([{"by name": {"a": 1}}])"));
  CHECK(has(refusal({"[1, 2"}), "begins as JSON and is none"));
  CHECK(has(refusal({"a={1"}), "begins as JSON and is none"));
  CHECK(has(refusal({"a=1", "2"}), "come last"));
  CHECK(has(refusal({"a=1", "a=2"}), "given twice"));
}

TEST_CASE("the sequences of a map are walked together, until the shortest ends") {
  std::istringstream lines("1\ntwo\n\n");
  Sequences sequences({"[1, 2, 3, 4]", "-"}, lines_of(lines));
  CHECK(all_of(sequences, 2) == Json::parse(R"([[[1, 2], [1, "two"]], [[3], [""]]])"));
  CHECK_FALSE(sequences.next(2).has_value());
}

TEST_CASE("no line is taken for which a list has nothing") {
  std::istringstream lines("1\n2\n3\n");
  Sequences sequences({"-", "[10, 20]"}, lines_of(lines));
  CHECK(all_of(sequences, 5) == Json::parse("[[[1, 2], [10, 20]]]"));
  std::string rest;
  CHECK(std::getline(lines, rest));
  CHECK(rest == "3");
}

TEST_CASE("what is no sequence is refused") {
  CHECK_THROWS_AS(Sequences({"5"}, nullptr), UsageError);
  CHECK_THROWS_AS(Sequences({}, nullptr), UsageError);
  CHECK_THROWS_WITH_AS(Sequences({"-", "-"}, nullptr), doctest::Contains("standard input"),
                       UsageError);
}

}  // namespace roundhouse::cli
