// What every store that keeps records must do, whichever it is.

#include "hub/store.hpp"

#include <doctest/doctest.h>

#include "tests/hub/facts.hpp"
#include "tests/support/temp_dir.hpp"

namespace roundhouse::hub {
namespace {

using namespace roundhouse::test;

struct Fixture {
  explicit Fixture(const std::string& kind) {
    options.kind = kind;
    options.path = dir.file("test.db");
    options.epoch_file = dir.file("test.epoch");
    store = open_store(options);
    (void)store->restore();
    store->begin_epoch();
  }

  void commit(std::vector<Fact> facts) { REQUIRE(store->commit(facts).ok()); }

  wire::Reply ask(const std::string& verb, const std::string& body = {}) {
    return store->answer(query(verb, body));
  }

  std::vector<std::string> history(const std::string& body = {}) {
    return texts(read_map(ask("history", body).body.bytes)["ids"]);
  }

  TempDir dir;
  StoreOptions options;
  std::unique_ptr<Store> store;
};

void fill(Fixture& store) {
  store.commit({opened(1), opened(2), defined(1, 1), joined(3), submitted(1, 1, 3),
                submitted(2, 10, 11), ended(1, 1, 1), ended(1, 2, 2), failed(1, 3, 3),
                ended(2, 10, 1, "other"), Delivered{1, 2, kStart + 77}});
}

}  // namespace

TEST_CASE("a finished task's record has all that is known of it") {
  for (const char* kind : {"sqlite", "memory"}) {
    CAPTURE(kind);
    Fixture store(kind);
    fill(store);
    const auto reply = store.ask("result", ids_body({id_of(1, 2), id_of(1, 3), id_of(1, 99)}));
    CHECK(reply.id == 42);
    CHECK(reply.code.empty());
    auto body = read_map(reply.body.bytes);
    CHECK(texts(body["missing"]) == std::vector<std::string>{id_of(1, 99)});
    CHECK(texts(body["more"]).empty());
    auto records = maps(body["records"]);
    REQUIRE(records.size() == 2);
    auto& good = records[0];
    CHECK(text(good["msg_id"]) == id_of(1, 2));
    CHECK(text(good["session"]) == id_of(1, 2).substr(0, 16));
    CHECK(text(good["function"]) == "survey");
    CHECK(text(good["label"]) == "night");
    CHECK(text(good["view"]) == "load_balanced");
    CHECK(text(good["status"]) == "ok");
    CHECK(text(good["outcome"]) == "ok");
    CHECK(text(good["result"]) == "result");
    CHECK(number(good["result_bytes"]) == 6);
    CHECK(number(good["submitted"]) == kStart + 2);
    CHECK(number(good["started"]) == kStart + 502);
    CHECK(number(good["completed"]) == kStart + 2502);
    CHECK(number(good["received"]) == kStart + 77);
    CHECK(number(good["duration_ns"]) == 2'000'000);
    CHECK(number(good["engine_id"]) == 3);
    CHECK(text(good["engine_uuid"]) == to_string(uuid(3)));
    CHECK(number(good["incarnation"]) == 2);
    CHECK(number(good["attempt"]) == 1);
    auto& bad = records[1];
    CHECK(text(bad["status"]) == "error");
    CHECK(text(bad["outcome"]) == "error");
    CHECK_FALSE(bad.contains("result"));
    CHECK_FALSE(bad.contains("received"));
    auto error = read_map(bad["error"]);
    CHECK(text(error["name"]) == "std::runtime_error");
    CHECK(text(error["value"]) == "no luck");
    CHECK(text(error["traceback"]) == "here");
  }
}

TEST_CASE("history is newest first over all sessions, in pages") {
  for (const char* kind : {"sqlite", "memory"}) {
    CAPTURE(kind);
    Fixture store(kind);
    fill(store);
    const std::vector<std::string> all{id_of(2, 10), id_of(1, 3), id_of(1, 2), id_of(1, 1)};
    CHECK(store.history() == all);
    const auto first = store.ask("history", map_of(pair_of("limit", 2), 1));
    auto body = read_map(first.body.bytes);
    CHECK(texts(body["ids"]) == std::vector<std::string>{all[0], all[1]});
    CHECK(wire::Unpacker(body["more"]).boolean());
    const auto second =
        store.ask("history", map_of(pair_of("limit", 2) + pair_of("before", all[1]), 2));
    body = read_map(second.body.bytes);
    CHECK(texts(body["ids"]) == std::vector<std::string>{all[2], all[3]});
    CHECK_FALSE(wire::Unpacker(body["more"]).boolean());
    CHECK(store.ask("history", map_of(pair_of("before", id_of(9, 9)), 1)).code == "unknown_task");
  }
}

TEST_CASE("purge removes finished records by id, by engine, or all") {
  for (const char* kind : {"sqlite", "memory"}) {
    CAPTURE(kind);
    Fixture store(kind);
    fill(store);
    const auto count = [](const wire::Reply& reply) {
      return number(read_map(reply.body.bytes)["purged"]);
    };
    CHECK(count(store.ask("purge_results", ids_body({id_of(1, 1), id_of(1, 77)}))) == 1);
    CHECK(store.history() == std::vector<std::string>{id_of(2, 10), id_of(1, 3), id_of(1, 2)});
    Ended elsewhere = ended(2, 11, 2);
    elsewhere.engine = EngineId{8};
    store.commit({elsewhere});
    std::string engines;
    wire::Packer p(engines);
    p.map(1), p.str("engines"), p.array(1), p.u64(8);
    CHECK(count(store.ask("purge_results", engines)) == 1);
    CHECK(store.history().size() == 3);
    std::string all;
    wire::Packer(all).map(1), wire::Packer(all).str("all"), wire::Packer(all).boolean(true);
    CHECK(count(store.ask("purge_results", all)) == 3);
    CHECK(count(store.ask("purge_results", all)) == 0);
    CHECK(store.history().empty());
    const auto missing = store.ask("result", ids_body({id_of(1, 2)}));
    CHECK(texts(read_map(missing.body.bytes)["missing"]).size() == 1);
  }
}

TEST_CASE("live records come first and are not looked up again") {
  for (const char* kind : {"sqlite", "memory", "none"}) {
    CAPTURE(kind);
    Fixture store(kind);
    fill(store);
    Query asked = query("result", ids_body({id_of(1, 2), id_of(1, 50)}));
    asked.live.push_back(
        {map_of(pair_of("msg_id", id_of(1, 50)) + pair_of("status", "running"), 2)});
    auto body = read_map(store.store->answer(asked).body.bytes);
    auto records = maps(body["records"]);
    REQUIRE_FALSE(records.empty());
    CHECK(text(records[0]["status"]) == "running");
    CHECK(records.size() + texts(body["missing"]).size() == 2);
  }
}

TEST_CASE("questions that make no sense are answered with what was wrong") {
  for (const char* kind : {"sqlite", "memory", "none"}) {
    CAPTURE(kind);
    Fixture store(kind);
    CHECK(store.ask("result", ids_body({"xyz"})).code == "invalid");
    CHECK(store.ask("result", "\xdf\xff\xff\xff\xff").code == "malformed");
    CHECK(store.ask("history", "\x81\xa5limit").code == "malformed");
    CHECK(store.ask("result", ids_body(std::vector<std::string>(10'001, id_of(1, 1)))).code ==
          "too_large");
  }
}

TEST_CASE("an answer that would be too large names what is left to ask") {
  for (const char* kind : {"sqlite", "memory"}) {
    CAPTURE(kind);
    Fixture store(kind);
    std::vector<Fact> facts{opened(1), defined(1, 1), submitted(1, 1, 100)};
    std::vector<std::string> ids;
    for (std::uint64_t i = 1; i <= 100; ++i) {
      facts.emplace_back(ended(1, i, i, std::string(16'000, 'x')));
      ids.push_back(id_of(1, i));
    }
    store.commit(facts);
    const auto reply = store.ask("result", ids_body(ids));
    CHECK(wire::encode(reply).header.size() < wire::kHeaderBytesMax);
    auto body = read_map(reply.body.bytes);
    const auto records = maps(body["records"]);
    const auto more = texts(body["more"]);
    CHECK(records.size() > 10);
    CHECK(records.size() + more.size() == 100);
    REQUIRE_FALSE(more.empty());
    CHECK(more.front() == ids[records.size()]);
  }
}

TEST_CASE("each hub has an epoch above the one before, whatever the store") {
  for (const char* kind : {"sqlite", "memory", "none"}) {
    CAPTURE(kind);
    Fixture store(kind);
    store.store.reset();
    store.store = open_store(store.options);
    CHECK(store.store->restore().epoch == 1);
    CHECK(store.store->begin_epoch() == 2);
    CHECK(store.store->kind() == kind);
  }
}

TEST_CASE("a kind that is none is refused") {
  StoreOptions options;
  options.kind = "stone";
  CHECK_THROWS_AS((void)open_store(options), Exception);
}

}  // namespace roundhouse::hub
