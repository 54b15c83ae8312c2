#include "hub/core/task_query.hpp"

#include <doctest/doctest.h>

#include "tests/support/packed_json.hpp"

namespace roundhouse::hub {
namespace {

using namespace roundhouse::test;

Record sample() {
  Record out;
  out.task = {SessionId{0xab}, 7};
  out.function = "survey";
  out.label = "night shift";
  out.submitted_us = 1000;
  out.started_us = 1500;
  out.duration_ns = 2'000'000;
  out.engine = EngineId{3};
  out.set_ending(wire::Ending::timed_out);
  out.error = {"std::runtime_error", "no luck", ""};
  return out;
}

bool holds(const std::string& where) {
  const auto condition = parse_condition(packed(where));
  if (!condition) FAIL(condition.error().text);
  return matches(*condition, sample());
}

Error error_of(const std::string& body) {
  const auto query = parse_task_query(packed(body));
  return query ? Error{Errc::internal, "it was taken"} : query.error();
}

}  // namespace

TEST_CASE("a field is compared with its value, or by the comparison that is named") {
  CHECK(holds("{}"));
  CHECK(holds("{'function': 'survey'}"));
  CHECK_FALSE(holds("{'function': 'surveys'}"));
  CHECK(holds("{'engine_id': {'$eq': 3}}"));
  CHECK(holds("{'engine_id': {'$ne': 4}}"));
  CHECK(holds("{'submitted': {'$gte': 1000, '$lt': 1001}}"));
  CHECK_FALSE(holds("{'submitted': {'$gt': 1000}}"));
  CHECK(holds("{'submitted': {'$lte': 1000}}"));
  CHECK(holds("{'engine_id': {'$in': [1, 3]}}"));
  CHECK(holds("{'engine_id': {'$nin': [1, 2]}}"));
  CHECK_FALSE(holds("{'engine_id': {'$in': []}}"));
  CHECK(holds("{'completed': 3500}"));
  CHECK(holds("{'status': 'error', 'outcome': 'timed_out', 'error_value': {'$glob': 'no *'}}"));
  CHECK(holds("{'msg_id': '00000000000000ab0000000000000007'}"));
  CHECK(holds("{'msg_id': {'$gt': '00000000000000ab0000000000000006'}}"));
  CHECK(holds("{'session': '00000000000000ab'}"));
}

TEST_CASE("a missing value equals nil alone, and is neither above nor below anything") {
  CHECK(holds("{'received': null}"));
  CHECK(holds("{'started': {'$ne': null}}"));
  CHECK(holds("{'received': {'$ne': 5}}"));
  CHECK_FALSE(holds("{'received': {'$lt': 5}}"));
  CHECK_FALSE(holds("{'received': {'$gte': 0}}"));
  CHECK(holds("{'$not': {'received': {'$lt': 5}}}"));
  CHECK(holds("{'received': {'$in': [null, 5]}}"));
  CHECK(holds("{'received': {'$nin': [5]}}"));
}

TEST_CASE("conditions are joined by and, or and not") {
  CHECK(holds("{'$or': [{'engine_id': 1}, {'label': 'night shift'}]}"));
  CHECK_FALSE(holds("{'$or': []}"));
  CHECK(holds("{'$and': [{'engine_id': 3}, {'$not': {'engine_id': 4}}]}"));
  CHECK_FALSE(holds("{'$not': {'engine_id': 3, 'function': 'survey'}}"));
}

TEST_CASE("patterns match as the shell's do") {
  CHECK(glob_matches("", ""));
  CHECK(glob_matches("*", ""));
  CHECK(glob_matches("a*c", "abbbc"));
  CHECK(glob_matches("*a*b*", "xxaxxbxx"));
  CHECK_FALSE(glob_matches("*a*b", "xxaxxbx"));
  CHECK(glob_matches("a?c", "abc"));
  CHECK(glob_matches("a?c",
                     "a\xc3\xa4"
                     "c"));
  CHECK_FALSE(glob_matches("a?c", "ac"));
  CHECK(glob_matches("[a-c]x", "bx"));
  CHECK_FALSE(glob_matches("[^a-c]x", "bx"));
  CHECK(glob_matches("[]]", "]"));
  CHECK_FALSE(glob_matches("[ab", "a"));
  CHECK_FALSE(glob_matches(std::string(900, '*') + "b", std::string(5000, 'a')));
}

TEST_CASE("a question that makes no sense is refused with what was wrong") {
  CHECK(error_of("{'where': {'colour': 1}}").text.find("'colour'") != std::string::npos);
  CHECK(error_of("{'where': {'colour': 1}}").text.find("engine_id") != std::string::npos);
  CHECK(error_of("{'where': {'engine_id': 'three'}}").text.find("a whole number") !=
        std::string::npos);
  CHECK(error_of("{'where': {'label': 3}}").text.find("a text") != std::string::npos);
  CHECK(error_of("{'where': {'msg_id': 'abc'}}").text.find("32 hexadecimal") != std::string::npos);
  CHECK(error_of("{'where': {'label': {'$like': 'a'}}}").text.find("$glob") != std::string::npos);
  CHECK(error_of("{'where': {'$xor': []}}").text.find("$and") != std::string::npos);
  CHECK(error_of("{'where': {'result': 'x'}}").text.find("fetched") != std::string::npos);
  CHECK(error_of("{'where': {'engine_id': {'$glob': '1*'}}}").code == Errc::invalid);
  CHECK(error_of("{'where': {'engine_id': {'$in': 3}}}").text.find("a list") != std::string::npos);
  CHECK(error_of("{'order': 'result'}").code == Errc::invalid);
  CHECK(error_of("{'order': '-colour'}").code == Errc::invalid);
  CHECK(error_of("{'fields': ['colour']}").code == Errc::invalid);
  CHECK(error_of("{'offset': 100001}").code == Errc::too_large);
  CHECK(error_of("{'after': [1]}").code == Errc::malformed);
  CHECK(error_of("[]").code == Errc::malformed);
}

TEST_CASE("a question has limits: conditions, sets, depth") {
  Json many = Json::array();
  for (int i = 0; i < 300; ++i) many.push_back({{"engine_id", i}});
  CHECK(error_of(Json{{"where", {{"$or", many}}}}.dump()).code == Errc::too_large);
  Json set = Json::array();
  for (int i = 0; i < 10'001; ++i) set.push_back(i);
  CHECK(error_of(Json{{"where", {{"engine_id", {{"$in", set}}}}}}.dump()).code == Errc::too_large);
  Json deep = Json::object();
  for (int i = 0; i < 20; ++i) deep = {{"$not", deep}};
  CHECK(error_of(Json{{"where", deep}}.dump()).code == Errc::too_large);
}

TEST_CASE("places are ordered by value and then by msg_id, or all of it turned round") {
  TaskQuery query;
  const QueryPlace place{QueryValue::of(FieldValue::of(std::int64_t{5})), {SessionId{2}, 1}};
  const auto at = [&](std::int64_t value, std::uint64_t session) {
    return place_of(query, FieldValue::of(value), {SessionId{session}, 1}, place);
  };
  CHECK(at(4, 9) < 0);
  CHECK(at(5, 1) < 0);
  CHECK(at(5, 2) == 0);
  CHECK(at(6, 1) > 0);
  CHECK(place_of(query, FieldValue{}, {SessionId{9}, 1}, place) < 0);
  query.descending = true;
  CHECK(at(4, 9) > 0);
  CHECK(at(5, 1) > 0);
}

TEST_CASE("a record is packed with the fields that were asked for, and its id") {
  FieldSet fields;
  fields.add(Field::label);
  fields.add(Field::received);
  fields.add(Field::error_name);
  std::string out;
  pack_record(sample(), fields, out);
  CHECK(unpacked(out) == Json{{"msg_id", "00000000000000ab0000000000000007"},
                              {"label", "night shift"},
                              {"error_name", "std::runtime_error"}});
}

}  // namespace roundhouse::hub
