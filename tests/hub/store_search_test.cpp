// Questions about many tasks: every store gives the same answer.

#include <algorithm>
#include <memory>

#include <doctest/doctest.h>

#include "hub/sqlite_search.hpp"
#include "hub/sqlite_where.hpp"
#include "hub/store.hpp"
#include "tests/hub/facts.hpp"
#include "tests/support/packed_json.hpp"
#include "tests/support/temp_dir.hpp"

namespace roundhouse::hub {
namespace {

using namespace roundhouse::test;

constexpr std::uint64_t kTasks = 60;

// Three sessions whose tasks interleave, some of them failed, some without a run, some received.
std::vector<Fact> history() {
  std::vector<Fact> facts{opened(1), opened(2), opened(3), defined(1, 1), joined(3), joined(4)};
  TemplateDefined other = defined(2, 2);
  other.define->function = "count";
  other.define->label = "day*[x]";
  facts.emplace_back(other);
  for (std::uint64_t i = 1; i <= kTasks; ++i) {
    const auto session = static_cast<SessionNumber>(1 + i % 3);
    const std::uint64_t sequence = 1 + i / 3;
    Ended fact = i % 5 == 0 ? failed(session, sequence, sequence)
                            : ended(session, sequence, sequence, std::string(i, 'r'));
    fact.template_number = i % 2 == 0 ? 2 : 1;
    fact.submitted_us = kStart + static_cast<std::int64_t>(i / 7);  // many at the same time
    fact.started_us = fact.submitted_us + static_cast<std::int64_t>(i % 4);
    fact.duration_ns = 1'000'000 * (i % 6);
    fact.engine = EngineId{i % 4 == 0 ? 4U : 3U};
    fact.attempt = static_cast<std::uint32_t>(i % 3 + 1);
    if (i % 10 == 0) {
      fact.started_us = 0, fact.duration_ns = 0;
      fact.engine.reset(), fact.incarnation = 0;
      fact.ending = wire::Ending::engine_lost;
    }
    facts.emplace_back(fact);
  }
  facts.emplace_back(Delivered{2, 10, kStart + 500});
  return facts;
}

class Store2 {
 public:
  explicit Store2(const std::string& kind) {
    options_.kind = kind;
    options_.path = dir_.file("test.db");
    store_ = open_store(options_);
    (void)store_->restore();
    REQUIRE(store_->commit(history()).ok());
  }

  Json ask(const Json& body) {
    const std::vector<std::uint8_t> bytes = Json::to_msgpack(body);
    const wire::Reply reply = store_->answer(query("db_query", {bytes.begin(), bytes.end()}));
    REQUIRE_MESSAGE(reply.code == "", reply.text);
    return unpacked(reply.body.bytes);
  }

  Store& store() { return *store_; }

 private:
  TempDir dir_;
  StoreOptions options_;
  std::unique_ptr<Store> store_;
};

const char* const kConditions[] = {
    "{}",
    "{'status': 'error'}",
    "{'status': {'$ne': 'error'}}",
    "{'outcome': {'$in': ['engine_lost', 'ok']}}",
    "{'engine_id': 4}",
    "{'engine_id': {'$ne': 4}}",
    "{'engine_id': {'$lt': 4}}",
    "{'engine_id': null}",
    "{'engine_id': {'$nin': [3]}}",
    "{'engine_id': {'$in': [null, 4]}}",
    "{'started': {'$gt': 0}}",
    "{'$not': {'started': {'$gt': 0}}}",
    "{'duration_ns': {'$gte': 2000000, '$lte': 4000000}}",
    "{'completed': {'$lt': 1700000000002010}}",
    "{'received': {'$ne': null}}",
    "{'received': 1700000000000500, 'attempt': 2}",
    "{'label': {'$glob': 'day[*][[]x]'}}",
    "{'function': {'$glob': '?ount'}}",
    "{'label': 'night', 'view': 'load_balanced'}",
    "{'sequence': {'$gt': 5, '$lte': 9}}",
    "{'session': 'abcd000000000002'}",
    "{'session': {'$gt': 'abcd000000000001'}}",
    "{'session': {'$in': ['abcd000000000001', 'abcd000000000003']}}",
    "{'msg_id': {'$in': ['abcd0000000000020000000000000004', 'abcd0000000000990000000000000004']}}",
    "{'msg_id': {'$nin': ['abcd0000000000020000000000000004']}}",
    "{'msg_id': {'$gte': 'abcd0000000000020000000000000004'}}",
    "{'msg_id': 'abcd0000000000030000000000000001'}",
    "{'msg_id': {'$ne': 'abcd0000000000030000000000000001'}}",
    "{'error_name': 'std::runtime_error'}",
    "{'error_value': {'$glob': '*luck'}}",
    "{'result_bytes': {'$gt': 40}}",
    "{'incarnation': 2}",
    "{'engine_uuid': '03030303030303030303030303030303'}",
    "{'$or': [{'engine_id': 4}, {'$and': [{'attempt': 1}, {'status': 'ok'}]}]}",
    "{'$or': []}",
    "{'label': {'$in': []}}",
};

const char* const kOrders[] = {
    "submitted", "-submitted", "completed",   "-completed", "engine_id",     "-engine_id", "label",
    "-msg_id",   "session",    "-error_name", "received",   "-result_bytes", "duration_ns"};

}  // namespace

TEST_CASE("every store finds the same tasks by every kind of condition") {
  Store2 sqlite("sqlite");
  Store2 memory("memory");
  std::size_t found = 0;
  for (const char* where : kConditions) {
    CAPTURE(std::string(where));
    const Json condition = unpacked(packed(where));
    for (const bool negated : {false, true}) {
      CAPTURE(negated);
      const Json body{{"where", negated ? Json{{"$not", condition}} : condition}, {"limit", 1000}};
      const Json answer = sqlite.ask(body);
      CHECK(answer == memory.ask(body));
      found += answer["records"].size();
    }
  }
  CHECK(found == std::size(kConditions) * kTasks);  // a task matches, or else the opposite
}

TEST_CASE("pages in every order, one behind the other, hold every task once") {
  Store2 sqlite("sqlite");
  Store2 memory("memory");
  for (const char* order : kOrders) {
    CAPTURE(std::string(order));
    const Json whole = sqlite.ask({{"order", order}, {"limit", 1000}});
    CHECK(whole["more"] == false);
    CHECK(whole == memory.ask({{"order", order}, {"limit", 1000}}));
    const std::vector<std::string> all = ids_of(whole);
    REQUIRE(all.size() == kTasks);
    std::vector<std::string> paged;
    Json after;
    for (int page = 0; page < 20; ++page) {
      const Json answer = sqlite.ask({{"order", order}, {"limit", 7}, {"after", after}});
      CHECK(answer == memory.ask({{"order", order}, {"limit", 7}, {"after", after}}));
      for (const std::string& id : ids_of(answer)) paged.push_back(id);
      if (answer["more"] == false) break;
      after = answer["next"];
    }
    CHECK(paged == all);
    const Json middle = sqlite.ask({{"order", order}, {"limit", 5}, {"offset", 20}});
    CHECK(ids_of(middle) == std::vector(all.begin() + 20, all.begin() + 25));
  }
}

TEST_CASE("unfinished tasks come where their order puts them") {
  for (const char* kind : {"sqlite", "memory", "none"}) {
    CAPTURE(std::string(kind));
    StoreOptions options;
    TempDir dir;
    options.kind = kind;
    options.path = dir.file("test.db");
    const auto store = open_store(options);
    (void)store->restore();
    const std::vector<Fact> facts{opened(1), opened(2), defined(1, 1), ended(1, 1, 1),
                                  ended(1, 5, 2)};
    REQUIRE(store->commit(facts).ok());
    Query asked = query("db_query", packed("{'limit': 2}"));
    for (const std::uint64_t sequence : {3, 9}) {
      Record live;
      live.task = {session_id(2), sequence};
      live.submitted_us = kStart + static_cast<std::int64_t>(sequence);
      live.status = TaskStatus::pending;
      asked.live.push_back(live);
    }
    const Json first = unpacked(store->answer(asked).body.bytes);
    const bool records = store->kind() != "none";
    CHECK(ids_of(first) == (records ? std::vector{id_of(1, 1), id_of(2, 3)}
                                    : std::vector{id_of(2, 3), id_of(2, 9)}));
    CHECK(first["more"] == records);
    asked.body.bytes = packed("{'offset': 1}");
    const Json rest = unpacked(store->answer(asked).body.bytes);
    CHECK(ids_of(rest) == (records ? std::vector{id_of(2, 3), id_of(1, 5), id_of(2, 9)}
                                   : std::vector{id_of(2, 9)}));
    if (!records) continue;
    // One of the live ones ends before the question is answered.
    REQUIRE(store->commit(std::vector<Fact>{ended(2, 3, 1)}).ok());
    asked.body.bytes = packed("{}");
    const Json once = unpacked(store->answer(asked).body.bytes);
    CHECK(ids_of(once) == std::vector{id_of(1, 1), id_of(2, 3), id_of(1, 5), id_of(2, 9)});
    CHECK(once["records"][1]["status"] == "ok");
  }
}

TEST_CASE("what was purged is found no more, also where it is only hidden") {
  for (const char* kind : {"sqlite", "memory"}) {
    CAPTURE(std::string(kind));
    Store2 store(kind);
    const auto purged = store.store().answer(
        query("purge_results", packed("{'where': {'session': 'abcd000000000001'}}")));
    CHECK(unpacked(purged.body.bytes)["purged"] == 20);
    CHECK(ids_of(store.ask({{"limit", 1000}})).size() == kTasks - 20);
    CHECK(ids_of(store.ask({{"limit", 1000}, {"order", "label"}})).size() == kTasks - 20);
  }
}

TEST_CASE("records are purged by age: when they ended, or else were submitted") {
  for (const char* kind : {"sqlite", "memory"}) {
    CAPTURE(std::string(kind));
    Store2 store(kind);
    Query asked = query("purge_results", packed("{'older_than_us': 1000000}"));
    asked.at_us = kStart + 1'002'000;
    const std::vector<std::string> left = [&] {
      const auto reply = store.store().answer(asked);
      CHECK(reply.code == "");
      return ids_of(store.ask({{"limit", 1000}}));
    }();
    const Json expected{{"where", {{"completed", {{"$gte", kStart + 2000}}}}}, {"limit", 1000}};
    CHECK_FALSE(left.empty());
    CHECK(left.size() < kTasks);
    CHECK(left == ids_of(store.ask(expected)));
  }
}

TEST_CASE("an answer is as large as a message may be, and tells where it goes on") {
  StoreOptions options;
  TempDir dir;
  options.path = dir.file("test.db");
  const auto store = open_store(options);
  (void)store->restore();
  std::vector<Fact> facts{opened(1), defined(1, 1)};
  for (std::uint64_t i = 1; i <= 100; ++i)
    facts.emplace_back(ended(1, i, i, std::string(16'000, 'x')));
  REQUIRE(store->commit(facts).ok());
  const auto reply =
      store->answer(query("db_query", packed("{'fields': ['result'], 'limit': 1000}")));
  CHECK(wire::encode(reply).header.size() < wire::kHeaderBytesMax);
  const Json answer = unpacked(reply.body.bytes);
  CHECK(answer["records"].size() > 10);
  CHECK(answer["records"].size() < 100);
  CHECK(answer["more"] == true);
  CHECK(answer["next"][1] == answer["records"].back()["msg_id"]);
}

TEST_CASE("a search sees what was committed before it, by a connection of its own") {
  StoreOptions options;
  TempDir dir;
  options.path = dir.file("test.db");
  const auto store = open_store(options);
  (void)store->restore();
  const auto search = store->open_search();
  REQUIRE(search != nullptr);
  const auto ids = [&] { return ids_in(search->answer(newest_first())); };
  CHECK(ids().empty());
  for (SessionNumber session = 1; session <= 3; ++session) {
    const std::vector<Fact> facts{opened(session), defined(session, session), ended(session, 1, 1)};
    REQUIRE(store->commit(facts).ok());
    CHECK(ids().size() == session);
  }
}

}  // namespace roundhouse::hub
