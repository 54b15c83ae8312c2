#include "hub/retention.hpp"

#include <chrono>

#include <doctest/doctest.h>

#include "hub/store.hpp"
#include "shared/clock.hpp"
#include "tests/hub/sqlite_files.hpp"

using namespace roundhouse;
using namespace roundhouse::test;
using namespace std::chrono_literals;

namespace {

// A session's tasks `first`..`last`, ended in order and received.
std::vector<Fact> tasks(SessionNumber session, std::uint64_t first, std::uint64_t last) {
  std::vector<Fact> out{submitted(session, first, last)};
  for (std::uint64_t i = first; i <= last; ++i) out.emplace_back(ended(session, i, i));
  out.emplace_back(Delivered{session, last, kStart});
  return out;
}

// Ended now, so that its age is none.
Ended ended_now(SessionNumber session, std::uint64_t sequence, std::uint64_t delivery) {
  Ended out = ended(session, sequence, delivery);
  out.submitted_us = wall_now().microseconds, out.started_us = out.submitted_us;
  return out;
}

void maintain(Store& store) {
  do {
    store.maintain(true);
  } while (store.upkeep_within() < 100ms && store.upkeep_within() >= 0ms);
}

}  // namespace

TEST_CASE("nothing is forgotten unless a limit says so") {
  const TempDir dir;
  const auto store = open_store(options_in(dir));
  commit(*store, {opened(1)});
  commit(*store, tasks(1, 1, 500));
  maintain(*store);
  CHECK(count(options_in(dir), "tasks") == 500);
  CHECK(store->upkeep_within() < 0ms);
}

TEST_CASE("beyond a number of records the oldest of all sessions go") {
  const TempDir dir;
  StoreOptions options = options_in(dir);
  options.keep_records = 3000;
  const auto store = open_store(options);
  commit(*store, {opened(1), opened(2)});
  commit(*store, tasks(1, 1, 2500));
  commit(*store, tasks(2, 1, 2500));  // submitted at the same times
  maintain(*store);
  CHECK(count(options, "tasks") == 3000);
  sql::Database db(options.path);
  CHECK(db.integer("SELECT count(*) FROM tasks WHERE id >> 40 = 1") == 1500);
  CHECK(db.integer("SELECT min(submitted) FROM tasks") == kStart + 1001);
}

TEST_CASE("a database of an earlier hub is brought within the limits, too") {
  const TempDir dir;
  StoreOptions options = options_in(dir);
  {
    const auto store = open_store(options);
    commit(*store, {opened(1)});
    commit(*store, tasks(1, 1, 50));
  }
  options.keep_records = 10;
  const auto store = open_store(options);
  (void)store->restore();
  maintain(*store);
  CHECK(count(options, "tasks") == 10);
  CHECK(history(*store).back() == id_of(1, 41));
}

TEST_CASE("what no client has received is never forgotten") {
  const TempDir dir;
  StoreOptions options = options_in(dir);
  options.keep_records = 1;
  options.keep_age = 1s;
  const auto store = open_store(options);
  commit(*store, {opened(1), submitted(1, 1, 3), ended(1, 1, 1), ended(1, 2, 2)});
  maintain(*store);
  CHECK(count(options, "tasks") == 2);
  // Received, but the submit message has a task that is unfinished.
  commit(*store, {Delivered{1, 2, kStart}});
  (void)store->restore();  // looks at everything again, at once
  maintain(*store);
  CHECK(count(options, "tasks") == 2);
  commit(*store, {ended(1, 3, 3), Delivered{1, 3, kStart}});
  (void)store->restore();
  maintain(*store);
  CHECK(count(options, "tasks") == 0);
}

TEST_CASE("what ended too long ago goes, by when it ended") {
  const TempDir dir;
  StoreOptions options = options_in(dir);
  options.keep_age = std::chrono::hours{1};
  const auto store = open_store(options);
  commit(*store, {opened(1)});
  commit(*store, tasks(1, 1, 10));
  Ended slow = ended_now(1, 11, 11);
  slow.submitted_us = kStart;  // it took years
  commit(*store, {submitted(1, 11, 12), slow, ended_now(1, 12, 12), Delivered{1, 12, kStart}});
  (void)store->restore();
  maintain(*store);
  CHECK(history(*store).size() == 2);
  CHECK(store->upkeep_within() > 0ms);  // age comes without any event
}

TEST_CASE("beyond so many bytes the oldest go, with the files of their results") {
  const TempDir dir;
  StoreOptions options = options_in(dir);
  options.keep_bytes = 1'000'000;
  const auto store = open_store(options);
  commit(*store, {opened(1)});
  std::vector<Fact> facts{submitted(1, 1, 40)};
  for (std::uint64_t i = 1; i <= 40; ++i) {
    facts.emplace_back(ended(1, i, i));
    std::get<Ended>(facts.back()).payload = large_payload(1, 100'000);
  }
  facts.emplace_back(Delivered{1, 40, kStart});
  commit(*store, facts);
  CHECK(files(options) == 40);
  maintain(*store);
  CHECK(files(options) < 10);
  CHECK(count(options, "blobs") == static_cast<std::int64_t>(files(options)));
}

TEST_CASE("receipts of tasks that are forgotten go with them") {
  const TempDir dir;
  StoreOptions options = options_in(dir);
  options.keep_records = 5;
  const auto store = open_store(options);
  commit(*store, {opened(1)});
  for (std::uint64_t i = 1; i <= 20; ++i) commit(*store, tasks(1, i, i));
  (void)store->restore();
  maintain(*store);
  CHECK(count(options, "tasks") == 5);
  CHECK(count(options, "receipts") == 5);
  const auto reply = read_map(store->answer(query("result", ids_body({id_of(1, 18)}))).body.bytes);
  REQUIRE(maps(reply.at("records")).size() == 1);
  CHECK(number(maps(reply.at("records"))[0].at("received")) == kStart);
}

TEST_CASE("the memory store forgets by age") {
  StoreOptions options;
  options.kind = "memory";
  options.keep_age = std::chrono::hours{1};
  const auto store = open_store(options);
  commit(*store, {opened(1), ended(1, 1, 1), ended_now(1, 2, 2)});
  maintain(*store);
  CHECK(history(*store) == std::vector<std::string>{id_of(1, 2)});
}
