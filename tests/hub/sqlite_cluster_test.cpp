// What the stores remember until the cluster is stopped.
#include <cstdint>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "hub/sqlite.hpp"
#include "hub/store.hpp"
#include "tests/hub/sqlite_files.hpp"

namespace roundhouse::hub {
namespace {

using namespace roundhouse::test;

Restored restored(StoreOptions options) {
  return open_store(options)->restore();
}

EngineLeft given_up(std::uint32_t id) {
  return {EngineId{id}, 2, "killed", true, kStart, "the process ended\n5 times, \"so\" it says"};
}

}  // namespace

TEST_CASE(
    "a policy that was set, and who was given up, outlive a hub that is killed, and no stop") {
  for (const char* kind : {"sqlite", "memory", "none"}) {
    CAPTURE(kind);
    const TempDir dir;
    StoreOptions options = options_in(dir);
    options.kind = kind, options.epoch_file = dir.file("test.epoch");
    {
      const auto store = open_store(options);
      CHECK(store->restore().policy.empty());
      commit(*store, {joined(3), joined(4), PolicySet{"lru"}});
      commit(*store, {PolicySet{"pure"}, given_up(3)});
    }
    const Restored found = restored(options);
    CHECK(found.policy == "pure");
    REQUIRE(found.engines.size() == 2);
    CHECK(found.engines[0].gone);
    CHECK(found.engines[0].host == "host");
    CHECK(found.engines[0].given_up.starts_with("the process ended"));
    CHECK(found.engines[0].given_up.ends_with("5 times, \"so\" it says"));
    CHECK(found.engines[1].given_up.empty());
    {
      const auto store = open_store(options);
      (void)store->restore();
      commit(*store, {HubStopped{}});
    }
    CHECK(restored(options).policy.empty());
    CHECK(restored(options).engines.size() == 2);
    CHECK(restored(options).engines[0].given_up.empty());
  }
}

TEST_CASE("aborts are remembered of tasks that wait or have not come yet, and of no others") {
  const TempDir dir;
  const StoreOptions options = options_in(dir);
  {
    const auto store = open_store(options);
    (void)store->restore();
    commit(*store, {opened(1), defined(1, 1), submitted(1, 1, 3), submitted(1, 4, 6)});
    commit(*store, {ended(1, 1, 1), ended(1, 2, 2), ended(1, 3, 3)});
    commit(*store, {AbortAsked{1, {{2, 3}, {6, 6}, {9, 12}}}, AbortAsked{2, {{5, 5}}}});
  }
  const auto ranges = [&] {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> out;
    for (const AbortAsked& asked : restored(options).aborts) {
      CHECK(asked.session == 1);
      for (const wire::Range& range : asked.tasks) out.emplace_back(range.first, range.last);
    }
    return out;
  };
  const decltype(ranges()) expected{{6, 6}, {9, 12}};
  CHECK(ranges() == expected);
  CHECK(ranges() == expected);
}

TEST_CASE("aborts of tasks that have ended are forgotten while the hub runs") {
  const TempDir dir;
  const StoreOptions options = options_in(dir);
  const auto store = open_store(options);
  (void)store->restore();
  commit(*store, {opened(1), defined(1, 1), submitted(1, 1, 1), submitted(1, 2, 2)});
  commit(*store, {AbortAsked{1, {{1, 1}}}, AbortAsked{1, {{2, 2}}}, AbortAsked{1, {{5, 6}}}});
  commit(*store, {ended(1, 1, 1)});
  // Very many, one by one, of a session that is gone.
  for (std::uint64_t i = 0; i < 1000; ++i)
    commit(*store, {AbortAsked{2, {{2 * i + 1, 2 * i + 1}}}});
  sql::Database database(options.path);
  CHECK(database.integer("SELECT count(*) FROM aborts WHERE id >> 40 = 1") == 2);
  CHECK(database.integer("SELECT count(*) FROM aborts") < 100);
}

}  // namespace roundhouse::hub
