#include "client/hub_results.hpp"

#include <vector>

#include <doctest/doctest.h>

#include "tests/client/core/session_harness.hpp"
#include "tests/support/packed_json.hpp"

namespace roundhouse::test {
namespace {

using detail::HubOutcome;
using detail::HubResults;

TaskId task(std::uint64_t sequence) {
  return {SessionId{0xfeed}, sequence};
}

std::string id(std::uint64_t sequence) {
  return to_string(task(sequence));
}

std::string pending(std::uint64_t sequence) {
  return packed("{'msg_id': '" + id(sequence) + "', 'status': 'pending'}");
}

std::string finished(std::uint64_t sequence, const std::string& more = "'result': 'R'") {
  return "{'msg_id': '" + id(sequence) +
         "', 'status': 'ok', 'outcome': 'ok', 'attempt': 2, 'engine_id': 3, 'started': 1000, "
         "'duration_ns': 5000, 'engine_uuid': 'u', " +
         more + "}";
}

// HubResults with a session that is connected, and what they ask.
struct Asking {
  Asking() { hub.connects(); }

  // Requests that have gone out since the last call.
  std::vector<wire::Request> asked() {
    results.ask(hub.session, hub.out);
    hub.flush();
    std::vector<wire::Request> out = hub.took<wire::Request>(wire::Plane::control);
    std::erase_if(out, [](const wire::Request& one) { return one.verb == "engines"; });
    return out;
  }

  wire::Request asked_one(const std::string& verb) {
    const auto requests = asked();
    REQUIRE(requests.size() == 1);
    CHECK(requests[0].verb == verb);
    return requests[0];
  }

  void answer(const wire::Request& request, const std::string& json, bool more = false) {
    wire::Reply reply;
    reply.id = request.id;
    reply.body.bytes = packed(json);
    reply.more = more;
    CHECK(results.on_reply(reply));
  }

  void refuse(const wire::Request& request, const std::string& code, const std::string& text) {
    CHECK(results.on_reply({request.id, code, text, {}, false}));
  }

  SessionHarness hub;
  HubResults results;
};

std::string error_name(const HubOutcome& outcome) {
  CHECK(outcome.record.ending == wire::Ending::error);
  return wire::decode_error(outcome.record.payload.body()).name;
}

}  // namespace

TEST_CASE("what has ended, and fits into its record, is there at once") {
  Asking it;
  it.results.add(4, task(1), packed(finished(1)));
  CHECK(it.asked().empty());
  const auto outcomes = it.results.take_outcomes();
  REQUIRE(outcomes.size() == 1);
  const wire::OutcomeRecord& record = outcomes[0].record;
  CHECK(record.sequence == 4);
  CHECK(record.payload.body() == "R");
  CHECK(record.attempt == 2);
  CHECK(record.engine == EngineId{3});
  CHECK(record.started_us == 1000);
  CHECK(record.duration_ns == 5000);
  CHECK(outcomes[0].engine_uuid == "u");
  CHECK(it.results.size() == 0);
}

TEST_CASE("an error's record becomes an outcome like that of an own task") {
  Asking it;
  it.results.add(1, task(1),
                 packed("{'msg_id': '" + id(1) +
                        "', 'status': 'error', 'outcome': 'engine_lost', 'error': {'name': "
                        "'EngineError', 'value': 'signal 9', 'traceback': ''}}"));
  const auto outcomes = it.results.take_outcomes();
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].record.ending == wire::Ending::engine_lost);
  CHECK(wire::decode_error(outcomes[0].record.payload.body()).value == "signal 9");
}

TEST_CASE("what has not ended is watched, and looked up when it has") {
  Asking it;
  it.results.add(1, task(1), pending(1));
  it.results.add(2, task(2), pending(2));
  it.results.add(3, task(1), pending(1));
  const auto watch = it.asked_one("watch");
  CHECK(unpacked(watch.body.bytes)["ids"] == Json{id(1), id(2)});
  it.answer(watch, "{'ended': ['" + id(1) + "'], 'unknown': []}", true);
  const auto look_up = it.asked_one("result");
  CHECK(unpacked(look_up.body.bytes)["ids"] == Json{id(1)});
  it.answer(watch, "{'ended': ['" + id(1) + "'], 'unknown': []}", true);  // told again
  CHECK(it.asked().empty());
  it.answer(look_up, "{'records': [" + finished(1) + "], 'missing': [], 'more': []}");
  const auto outcomes = it.results.take_outcomes();
  REQUIRE(outcomes.size() == 2);  // for both places
  CHECK(outcomes[0].record.sequence + outcomes[1].record.sequence == 4);
  CHECK(it.results.size() == 1);
  it.answer(watch, "{'ended': [], 'unknown': ['" + id(2) + "']}");
  CHECK(error_name(it.results.take_outcomes().at(0)) == "UnknownTask");
  CHECK(it.results.size() == 0);
}

TEST_CASE("a large result is fetched part by part") {
  Asking it;
  it.results.add(1, task(1), packed(finished(1, "'result_bytes': 4")));
  auto part = it.asked_one("payload");
  CHECK(unpacked(part.body.bytes)["offset"] == 0);
  it.answer(part, "{'offset': 0, 'body': 'B', 'spill': 0, 'frames': [4], 'bytes': 'abc'}");
  part = it.asked_one("payload");
  CHECK(unpacked(part.body.bytes)["offset"] == 3);
  it.answer(part, "{'offset': 3, 'bytes': 'd'}");
  const auto outcomes = it.results.take_outcomes();
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].record.payload.body() == "B");
  CHECK((*outcomes[0].record.payload.frames)[0].view() == "abcd");
}

TEST_CASE("a result that is kept no longer, or a record that was purged, is an error") {
  Asking it;
  it.results.add(1, task(1), packed(finished(1, "'result_bytes': 4")));
  it.refuse(it.asked_one("payload"), "payload_lost", "no longer kept");
  CHECK(error_name(it.results.take_outcomes().at(0)) == "PayloadLost");
  it.results.add(2, task(2), pending(2));
  const auto watch = it.asked_one("watch");
  it.answer(watch, "{'ended': ['" + id(2) + "'], 'unknown': []}");
  it.answer(it.asked_one("result"), "{'records': [], 'missing': ['" + id(2) + "'], 'more': []}");
  CHECK(error_name(it.results.take_outcomes().at(0)) == "UnknownTask");
  it.results.add(3, task(3), pending(3));
  it.refuse(it.asked_one("watch"), "over_quota", "too many");
  CHECK(error_name(it.results.take_outcomes().at(0)) == "HubError");
}

TEST_CASE("a bounded number of answers is under way at a time") {
  Asking it;
  for (std::uint64_t i = 1; i <= 20; ++i)
    it.results.add(i, task(i), packed(finished(i, "'result_bytes': 4")));
  auto requests = it.asked();
  CHECK(requests.size() == HubResults::kQuestionsMax);
  std::size_t answered = 0;
  while (!requests.empty()) {
    for (const auto& request : requests)
      it.answer(request, "{'offset': 0, 'body': 'B', 'spill': 0, 'frames': [], 'bytes': ''}");
    answered += requests.size();
    requests = it.asked();
    CHECK(requests.size() <= HubResults::kQuestionsMax);
  }
  CHECK(answered == 20);
  CHECK(it.results.take_outcomes().size() == 20);
}

TEST_CASE("what nobody wants any more is not watched any more") {
  Asking it;
  it.results.add(1, task(1), pending(1));
  it.results.add(2, task(1), pending(1));
  const auto watch = it.asked_one("watch");
  it.results.drop(1);
  CHECK(it.asked().empty());
  it.results.drop(2);
  const auto unwatch = it.asked_one("unwatch");
  CHECK(unpacked(unwatch.body.bytes)["watch"] == watch.id);
  wire::Reply late;
  late.id = watch.id;
  CHECK_FALSE(it.results.on_reply(late));
  it.results.drop(2);
  CHECK(it.results.size() == 0);
}

TEST_CASE("on a new connection the watch is asked for again, by itself") {
  Asking it;
  it.results.add(1, task(1), pending(1));
  const auto watch = it.asked_one("watch");
  it.answer(watch, "{'ended': [], 'unknown': []}", true);
  it.hub.link_is_lost();
  it.hub.connects();
  const auto requests = it.asked();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].verb == "watch");
  CHECK(requests[0].id == watch.id);
}

}  // namespace roundhouse::test
