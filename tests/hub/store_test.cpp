// What every store that keeps records must do, whichever it is.

#include "hub/store.hpp"

#include <doctest/doctest.h>

#include "shared/printed.hpp"
#include "tests/hub/facts.hpp"
#include "tests/support/temp_dir.hpp"

namespace roundhouse::hub {
namespace {

using namespace roundhouse::test;

struct Fixture {
  explicit Fixture(const std::string& kind, StoreOptions with = {}) : options(std::move(with)) {
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

  std::vector<std::string> history() { return ids_in(store->answer(newest_first())); }

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
    CHECK(text(good["signature"]) == "FivE");
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
    auto attempts = maps(error["attempts"]);
    REQUIRE(attempts.size() == 2);
    CHECK(number(attempts[0]["engine"]) == 7);
    CHECK(text(attempts[0]["value"]) == "bad luck");
  }
}

TEST_CASE("what a task wrote is in its record, until it is purged") {
  for (const char* kind : {"sqlite", "memory"}) {
    CAPTURE(kind);
    Fixture store(kind);
    Ended fact = ended(1, 1, 1);
    fact.printed = Slice{Buffer::take(wire::encode_printed({{"head", "tail", 20}, {"e", "", 1}}))};
    store.commit({opened(1), defined(1, 1), joined(3), submitted(1, 1, 2), fact, ended(1, 2, 2)});
    const auto records = [&] {
      return maps(read_map(
          store.ask("result", ids_body({id_of(1, 1), id_of(1, 2)})).body.bytes)["records"]);
    };
    auto both = records();
    REQUIRE(both.size() == 2);
    CHECK(text(both[0]["stdout"]) == "head\n[... 12 bytes left out ...]\ntail");
    CHECK(text(both[0]["stderr"]) == "e");
    CHECK_FALSE(both[1].contains("stdout"));
    (void)store.ask("purge_results", ids_body({id_of(1, 1)}));
    store.commit({ended(1, 1, 3)});  // its key again: nothing of it was left
    for (auto& record : records()) CHECK_FALSE(record.contains("stdout"));
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
    Record live;
    live.task = {session_id(1), 50};
    live.status = TaskStatus::running;
    asked.live.push_back(live);
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
    CHECK(store.ask("db_query", "\x81\xa5limit").code == "malformed");
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

TEST_CASE("large results are fetched in parts, small ones in one") {
  for (const char* kind : {"sqlite", "memory"}) {
    CAPTURE(kind);
    Fixture store(kind);
    fill(store);
    Ended large = ended(1, 20, 20);
    large.payload = large_payload(3, 400'000);
    store.commit({large});
    const auto small = store.ask("payload", ids_body({id_of(1, 1)}));
    CHECK(text(read_map(small.body.bytes)["body"]) == "result");
    std::string bytes;
    while (bytes.size() < 1'200'000) {
      const auto part =
          store.ask("payload", ids_body({id_of(1, 20)}, pair_of("offset", bytes.size()), 1));
      REQUIRE(part.code == "");
      CHECK(wire::encode(part).header.size() < wire::kHeaderBytesMax);
      const std::string next = text(read_map(part.body.bytes)["bytes"]);
      REQUIRE_FALSE(next.empty());
      bytes += next;
    }
    CHECK(bytes ==
          std::string(400'000, 'a') + std::string(400'000, 'b') + std::string(400'000, 'c'));
    CHECK(store.ask("payload", ids_body({id_of(1, 3)})).code == "invalid");  // it failed
    CHECK(store.ask("payload", ids_body({id_of(1, 99)})).code == "unknown_task");
    CHECK(store.ask("payload", ids_body({})).code == "invalid");
  }
}

TEST_CASE("arguments are kept with the record, as far as they are small") {
  for (const char* kind : {"sqlite", "memory"}) {
    CAPTURE(kind);
    Fixture store(kind);
    fill(store);
    const auto ask = [&](std::uint64_t sequence) {
      return store.ask("payload", ids_body({id_of(1, sequence)}, pair_of("of", "arguments"), 1));
    };
    Ended small = ended(1, 20, 20);
    small.arguments = Payload::of("called with this");
    Ended two = ended(1, 21, 21);  // of a run: a head that others share, and a tail of its own
    two.arguments = Payload::of("head, other tail, tail");
    two.arguments->head_size = 6;
    two.arguments->tail_at = 18, two.arguments->tail_size = 4;
    Ended large = ended(1, 22, 22);
    large.arguments = Payload::of(std::string(17'000, 'x'));
    store.commit({small, two, large, ended(1, 23, 23)});
    auto part = read_map(ask(20).body.bytes);
    CHECK(text(part["body"]) == "called with this");
    CHECK(text(part["function"]) == "survey");
    CHECK(text(part["signature"]) == "FivE");
    CHECK(text(part["label"]) == "night");
    CHECK(number(part["retries"]) == 2);
    CHECK(number(part["priority"]) == -5);
    CHECK(text(read_map(ask(21).body.bytes)["body"]) == "head, tail");
    CHECK(ask(22).code == "payload_lost");
    CHECK(ask(22).text.find("arguments_bytes_max") != std::string::npos);
    CHECK(ask(23).code == "payload_lost");
    CHECK(ask(99).code == "unknown_task");
  }
}

TEST_CASE("arguments come with all that was asked for with the call, also from a later hub") {
  for (const char* kind : {"sqlite", "memory"}) {
    CAPTURE(kind);
    Fixture store(kind);
    TemplateDefined rules = defined(2, 1);
    rules.define->number = 2;
    rules.define->timeout_us = 5'000'000, rules.define->time_limit_us = 7;
    rules.define->depend = "is_even", rules.define->depend_signature = "FbiE";
    rules.define->depend_body = std::string("\x91\x04\0", 3);
    rules.define->require_modules = {"survey"}, rules.define->require_functions = {"fft", "FdE"};
    Ended fact = ended(1, 20, 20);
    fact.template_number = 2;
    fact.arguments = Payload::of("called with this");
    const std::string ranges = wire::encode_ranges({{session_id(1), 3, 9}, {session_id(2), 1, 1}});
    fact.depends = {Slice{Buffer::copy(ranges)}, 1, {true, true, true}, {false, false, true}, true};
    Ended many = ended(1, 21, 21);
    many.arguments = Payload::of("x");
    many.depends.whole = false;
    store.commit({opened(1), defined(1, 1), rules, submitted(1, 20, 21), fact, many});
    if (std::string(kind) == "sqlite") {
      store.store.reset();
      store.store = open_store(store.options);
      (void)store.store->restore();
    }
    const auto ask = [&](std::uint64_t sequence) {
      return store.ask("payload", ids_body({id_of(1, sequence)}, pair_of("of", "arguments"), 1));
    };
    auto part = read_map(ask(20).body.bytes);
    CHECK(text(part["body"]) == "called with this");
    CHECK(number(part["timeout_us"]) == 5'000'000);
    CHECK(number(part["time_limit_us"]) == 7);
    CHECK(text(part["depend"]) == "is_even");
    CHECK(text(part["depend_signature"]) == "FbiE");
    CHECK(text(part["depend_body"]) == rules.define->depend_body);
    CHECK(texts(part["require_modules"]) == rules.define->require_modules);
    CHECK(texts(part["require_functions"]) == rules.define->require_functions);
    CHECK(text(part["depends"]) == ranges);
    CHECK(number(part["after_ranges"]) == 1);
    CHECK(number(part["modes"]) == 0b100111);
    CHECK(ask(21).code == "payload_lost");
    CHECK(ask(21).text.find("cannot be called again") != std::string::npos);
  }
}

TEST_CASE("the source of a lambda comes with its arguments, also from a later hub") {
  for (const char* kind : {"sqlite", "memory"}) {
    CAPTURE(kind);
    Fixture store(kind);
    TemplateDefined lambda = defined(1, 1);
    lambda.define->source = std::string("\x95its source\0", 12);
    Ended fact = ended(1, 20, 20);
    fact.arguments = Payload::of("x");
    store.commit({opened(1), lambda, submitted(1, 20, 20), fact});
    if (std::string(kind) == "sqlite") {
      store.store.reset();
      store.store = open_store(store.options);
      (void)store.store->restore();
    }
    auto part = read_map(
        store.ask("payload", ids_body({id_of(1, 20)}, pair_of("of", "arguments"), 1)).body.bytes);
    CHECK(text(part["source"]) == lambda.define->source);
  }
}

TEST_CASE("arguments with bulk frames are kept while there is room, until their task is purged") {
  for (const char* kind : {"sqlite", "memory"}) {
    CAPTURE(kind);
    StoreOptions options;
    options.large_arguments_bytes_max = 1'000'000;
    Fixture store(kind, options);
    fill(store);
    const auto ask = [&](std::uint64_t sequence, std::uint64_t offset) {
      const std::string how = pair_of("of", "arguments") + pair_of("offset", offset);
      return store.ask("payload", ids_body({id_of(1, sequence)}, how, 2));
    };
    Ended large = ended(1, 20, 20);
    large.arguments = large_payload(2, 400'000);
    Ended huge = ended(1, 21, 21);
    huge.arguments = large_payload(1, 1'000'001);
    store.commit({large, huge});
    auto part = read_map(ask(20, 0).body.bytes);
    CHECK(text(part["body"]) == "head");
    CHECK(text(part["function"]) == "survey");
    std::string bytes = text(part["bytes"]);
    bytes += text(read_map(ask(20, bytes.size()).body.bytes)["bytes"]);
    CHECK(bytes == std::string(400'000, 'a') + std::string(400'000, 'b'));
    CHECK(ask(21, 0).code == "payload_lost");
    CHECK(ask(21, 0).text.find("large_arguments_bytes_max") != std::string::npos);
    (void)store.ask("purge_results", ids_body({id_of(1, 20)}));
    CHECK(ask(20, 0).code == "unknown_task");
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
