#include "hub/sqlite_endings.hpp"

#include <doctest/doctest.h>

#include "hub/core/endings.hpp"
#include "hub/core/placements.hpp"
#include "tests/hub/sqlite_files.hpp"

namespace roundhouse::hub {

using namespace roundhouse::test;

namespace {

std::vector<wire::Range> failures(Store& store) {
  Endings all;
  std::uint64_t last = 0;
  for (const Restored::Session& session : store.restore().sessions) {
    for (const wire::Range& run : session.failed) all.fail(run);
    last = std::max(last, session.accepted);
  }
  std::vector<wire::Range> out;
  for (std::uint64_t at = 1; at <= last; ++at) {
    if (!all.failed(at)) continue;
    if (!out.empty() && out.back().last + 1 == at)
      out.back().last = at;
    else
      out.push_back({at, at});
  }
  return out;
}

// Tasks 1 to 9, all received, of which 3, 4, 5 and 8 failed.
void fill(Store& store) {
  std::vector<Fact> facts{opened(1), defined(1, 1), submitted(1, 1, 9)};
  for (std::uint64_t i = 1; i <= 9; ++i)
    facts.emplace_back((i >= 3 && i <= 5) || i == 8 ? failed(1, i, i) : ended(1, i, i));
  facts.emplace_back(Delivered{1, 9, kStart});
  commit(store, facts);
}

const std::vector<wire::Range> kFailed{{3, 5}, {8, 8}};

}  // namespace

TEST_CASE("how tasks ended outlives their records, however they were purged") {
  const TempDir dir;
  const StoreOptions options = options_in(dir);
  for (const std::vector<std::uint64_t>& order :
       {std::vector<std::uint64_t>{}, {4}, {3, 4, 5}, {5, 3, 4}, {8, 3, 5, 4, 1}}) {
    fs::remove(options.path);
    fs::remove(options.path + "-wal");
    SqliteStore store(options);
    fill(store);
    for (const std::uint64_t one : order)
      (void)store.answer(query("purge_results", ids_body({id_of(1, one)})));
    CHECK(failures(store) == kFailed);
    (void)purge_all(store);
    CHECK(failures(store) == kFailed);
    CHECK(count(options, "tasks") == 0);
    CHECK(count(options, "endings") == 2);
  }
}

TEST_CASE("a record that is hidden first is remembered when it goes") {
  const TempDir dir;
  const StoreOptions options = options_in(dir);
  SqliteStore store(options);
  commit(store, {opened(1), defined(1, 1), submitted(1, 1, 1), failed(1, 1, 1)});
  (void)purge_all(store);
  CHECK(count(options, "endings") == 0);
  CHECK(failures(store) == std::vector<wire::Range>{{1, 1}});
  commit(store, {Delivered{1, 1, kStart}});
  store.maintain(true);
  CHECK(count(options, "tasks") == 0);
  CHECK(failures(store) == std::vector<wire::Range>{{1, 1}});
}

TEST_CASE("where tasks ran is known of all that are on record, and of no others") {
  const TempDir dir;
  for (const char* kind : {"sqlite", "memory"}) {
    CAPTURE(kind);
    StoreOptions options = options_in(dir);
    options.kind = kind;
    const auto store = open_store(options);
    fill(*store);
    Ended nowhere = failed(1, 10, 10);
    nowhere.engine.reset();
    commit(*store, {submitted(1, 10, 10), nowhere, Delivered{1, 10, kStart}});
    (void)store->answer(query("purge_results", ids_body({id_of(1, 4)})));
    const auto places = store->places({1, {{1, 2, 6}, {1, 9, 12}}});
    std::vector<std::uint64_t> known;
    for (const RanOn& run : places)
      for (std::uint64_t at = run.first; at <= run.last; ++at) {
        CHECK(run.session == 1);
        CHECK(run.engine.has_value() == (at != 10));
        known.push_back(at);
      }
    CHECK(known == std::vector<std::uint64_t>{2, 3, 5, 6, 9, 10});
  }
}

TEST_CASE("what a task depended on is in its record") {
  const TempDir dir;
  SqliteStore store(options_in(dir));
  Ended fact = ended(1, 1, 1);
  fact.depends.bytes = Slice{Buffer::take(
      wire::encode_ranges({{session_id(1), 9, 9}, {session_id(2), 1, 1}, {session_id(1), 9, 9}}))};
  fact.depends.after_ranges = 2;
  commit(store, {opened(1), defined(1, 1), submitted(1, 1, 1), fact});
  const auto records =
      maps(read_map(store.answer(query("result", ids_body({id_of(1, 1)}))).body.bytes)["records"]);
  REQUIRE(records.size() == 1);
  auto record = records[0];
  CHECK(texts(record["after"]) == std::vector{id_of(1, 9), id_of(2, 1)});
  CHECK(texts(record["follow"]) == std::vector{id_of(1, 9)});
}

TEST_CASE("endings count and find failures in any range") {
  Endings endings;
  for (const std::uint64_t at : {1U, 63U, 64U, 511U, 512U, 5000U}) endings.fail(at);
  CHECK(endings.count_failed(1, 5000) == 6);
  CHECK(endings.count_failed(2, 511) == 3);
  CHECK(endings.count_failed(64, 64) == 1);
  CHECK(endings.count_failed(513, 4999) == 0);
  CHECK(endings.first_failed(2, 600) == 63);
  CHECK(endings.first_failed(65, 511) == 511);
  CHECK(!endings.first_failed(513, 4999));
}

TEST_CASE("of places the latest are kept") {
  Placements places;
  for (std::uint64_t at = 1; at <= 1'200'000; ++at) places.note(1, at, 3);
  places.note(2, 1, kNoEngine);
  CHECK(!places.find(1, 1));
  CHECK(places.find(1, 1'200'000) == 3);
  CHECK(places.find(2, 1) == kNoEngine);
  CHECK(!places.find(2, 2));
  places.clear();
  CHECK(!places.find(1, 1'200'000));
}

}  // namespace roundhouse::hub
