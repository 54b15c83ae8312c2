#include "hub/sqlite_store.hpp"

#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "shared/printed.hpp"
#include "tests/hub/sqlite_files.hpp"
#include "tests/support/patience.hpp"

namespace roundhouse::hub {

using namespace roundhouse::test;

TEST_CASE("what was committed is restored") {
  const TempDir dir;
  const StoreOptions options = options_in(dir);
  Ended wrote = ended(1, 3, 2);
  wrote.printed = Slice{Buffer::take(wire::encode_printed({{"out", "", 3}, {"err", "", 3}}))};
  {
    SqliteStore store(options);
    commit(store, {opened(1), opened(2), defined(5, 1), joined(3), submitted(1, 1, 4),
                   submitted(1, 5, 6), submitted(2, 1, 1)});
    commit(store, {ended(1, 1, 1), wrote, ended(1, 5, 3), failed(1, 6, 4), Delivered{1, 1, kStart},
                   EngineLeft{EngineId{3}, 2, "told to", true, kStart + 5}});
  }
  SqliteStore store(options);
  const Restored restored = store.restore();
  REQUIRE(restored.sessions.size() == 2);
  const auto& session = restored.sessions[0];
  CHECK(session.number == 1);
  CHECK(session.id == session_id(1));
  CHECK(session.secret == uuid(7));
  CHECK(session.label == "me");
  CHECK(session.accepted == 6);
  CHECK(session.delivered == 1);
  CHECK(session.deliveries == 4);
  REQUIRE(restored.templates.size() == 1);
  CHECK(restored.templates[0].number == 5);
  CHECK(restored.templates[0].session == 1);
  CHECK(*restored.templates[0].define == *defined(5, 1).define);
  REQUIRE(restored.pending.size() == 2);  // 5..6 is finished
  CHECK(restored.pending[0].first == 1);
  CHECK(restored.pending[0].last == 4);
  CHECK(restored.pending[0].batch.header.view() == "submit 1");
  CHECK(restored.pending[0].ended == std::vector<wire::Range>{{1, 1}, {3, 3}});
  CHECK(restored.pending[1].session == 2);
  REQUIRE(restored.undelivered.size() == 3);
  const Ended expected = ended(1, 3, 2);
  const Ended& undelivered = restored.undelivered[0];
  CHECK(undelivered.sequence == 3);
  CHECK(undelivered.delivery == 2);
  CHECK(undelivered.submitted_us == expected.submitted_us);
  CHECK(undelivered.started_us == expected.started_us);
  CHECK(undelivered.duration_ns == expected.duration_ns);
  CHECK(undelivered.engine == expected.engine);
  CHECK(undelivered.payload.body() == "result");
  CHECK(undelivered.printed == wrote.printed);
  CHECK(restored.undelivered[2].ending == wire::Ending::error);
  CHECK(wire::decode_error(restored.undelivered[2].payload.body()).value == "no luck");
  REQUIRE(restored.engines.size() == 1);
  CHECK(restored.engines[0].id == EngineId{3});
  CHECK(restored.engines[0].uuid == uuid(3));
  CHECK(restored.engines[0].incarnation == 2);
  CHECK(restored.engines[0].slots == 4);
  CHECK(restored.engines[0].gone);
}

TEST_CASE("a template comes back with all of its rules") {
  const TempDir dir;
  const StoreOptions options = options_in(dir);
  TemplateDefined fact = defined(5, 1);
  fact.define->timeout_us = 7, fact.define->time_limit_us = 8;
  fact.define->depend = "has_disk", fact.define->depend_signature = "b(s)";
  fact.define->depend_body = std::string("\0\xff", 2);
  fact.define->require_modules = {"survey"}, fact.define->require_functions = {"f", "i(i)"};
  {
    SqliteStore store(options);
    commit(store, {opened(1), fact});
  }
  SqliteStore store(options);
  const Restored restored = store.restore();
  REQUIRE(restored.templates.size() == 1);
  CHECK(*restored.templates[0].define == *fact.define);
}

TEST_CASE("a submit message is written only while its tasks are unfinished") {
  const TempDir dir;
  const StoreOptions options = options_in(dir);
  SqliteStore store(options);
  commit(store, {opened(1), submitted(1, 1, 2), ended(1, 1, 1), ended(1, 2, 2)});
  CHECK(count(options, "pending") == 0);
  commit(store, {submitted(1, 3, 4), ended(1, 4, 3)});
  CHECK(count(options, "pending") == 1);
  commit(store, {ended(1, 3, 4)});
  CHECK(count(options, "pending") == 0);
  CHECK(count(options, "tasks") == 4);
}

TEST_CASE("pending rows of a hub before are deleted by the next one, too") {
  const TempDir dir;
  const StoreOptions options = options_in(dir);
  {
    SqliteStore store(options);
    commit(store, {opened(1), submitted(1, 1, 3), ended(1, 2, 1)});
  }
  SqliteStore store(options);
  (void)store.restore();
  commit(store, {ended(1, 1, 2)});
  CHECK(count(options, "pending") == 1);
  commit(store, {ended(1, 3, 3)});
  CHECK(count(options, "pending") == 0);
}

TEST_CASE("undelivered outcomes are found however far delivery is behind") {
  const TempDir dir;
  const StoreOptions options = options_in(dir);
  {
    SqliteStore store(options);
    std::vector<Fact> facts{opened(1), submitted(1, 1, 1000)};
    for (std::uint64_t i = 1; i <= 1000; ++i) facts.emplace_back(ended(1, 1001 - i, i));
    facts.emplace_back(Delivered{1, 990, kStart});
    commit(store, facts);
    store.maintain(true);
    commit(store, {Delivered{1, 991, kStart}});
  }
  SqliteStore store(options);
  const Restored restored = store.restore();
  REQUIRE(restored.undelivered.size() == 9);
  CHECK(restored.undelivered[0].sequence == 9);
  CHECK(restored.undelivered[8].sequence == 1);
}

TEST_CASE("a purged record that a restart would need is hidden until it is not") {
  const TempDir dir;
  const StoreOptions options = options_in(dir);
  {
    SqliteStore store(options);
    commit(store, {opened(1), submitted(1, 1, 2), ended(1, 1, 1)});
    CHECK(number(read_map(purge_all(store).body.bytes)["purged"]) == 1);
    CHECK(history(store).empty());
    CHECK(count(options, "results") == 0);
  }
  SqliteStore store(options);
  const Restored restored = store.restore();
  CHECK(history(store).empty());
  REQUIRE(restored.pending.size() == 1);
  CHECK(restored.pending[0].ended == std::vector<wire::Range>{{1, 1}});
  CHECK(restored.undelivered.size() == 1);
  commit(store, {Delivered{1, 1, kStart}, ended(1, 2, 2)});
  store.maintain(true);
  CHECK(count(options, "tasks") == 1);
  CHECK(count(options, "purged") == 0);
}

TEST_CASE("a failed transaction leaves nothing, and may be tried again") {
  const TempDir dir;
  const StoreOptions options = options_in(dir);
  SqliteStore store(options);
  commit(store, {opened(1), submitted(1, 1, 4), ended(1, 1, 1)});
  sql::Database other(options.path);
  other.execute("BEGIN IMMEDIATE");
  const std::vector<Fact> facts{ended(1, 2, 2), Delivered{1, 1, kStart}};
  const auto refused = store.commit(facts);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().text.find("write lock") != std::string::npos);
  other.execute("COMMIT");
  commit(store, facts);
  commit(store, {ended(1, 3, 3), ended(1, 4, 4)});
  CHECK(count(options, "tasks") == 4);
  CHECK(count(options, "pending") == 0);
}

TEST_CASE("a long reader neither blocks the store nor lets the log grow without bound") {
  const TempDir dir;
  StoreOptions options = options_in(dir);
  options.log_bytes = 64 << 10;
  options.log_bytes_max = 1 << 20;
  SqliteStore store(options);
  commit(store, {opened(1)});
  auto reader = std::make_unique<sql::Database>(options.path);
  sql::Statement rows = reader->prepare("SELECT * FROM sessions");
  REQUIRE(rows.next());
  std::uint64_t next = 1;
  const auto write = [&] {
    std::vector<Fact> facts{submitted(1, next, next + 99)};
    for (int i = 0; i < 100; ++i, ++next)
      facts.emplace_back(ended(1, next, next, std::string(1000, 'x')));
    const auto committed = store.commit(facts);
    store.maintain(false);
    return committed;
  };
  Result<void> committed;
  for (int i = 0; i < 100 && committed.ok(); ++i) committed = write();
  REQUIRE_FALSE(committed.ok());
  CHECK(committed.error().text.find("reading") != std::string::npos);
  CHECK(fs::file_size(options.path + "-wal") < 2 * options.log_bytes_max);
  rows = sql::Statement();
  reader.reset();
  store.maintain(true);
  next -= 100;
  CHECK(write().ok());
}

TEST_CASE("a hub killed in the middle of writing leaves a prefix of its facts") {
  const TempDir dir;
  const StoreOptions options = options_in(dir);
  for (int round = 0; round < 5; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        SqliteStore store(options);
        const Restored restored = store.restore();
        if (restored.sessions.empty()) {
          const std::vector<Fact> first{opened(1)};
          if (!store.commit(first)) ::_exit(2);
        }
        std::uint64_t next = restored.sessions.empty() ? 1 : restored.sessions[0].accepted + 1;
        while (true) {
          std::vector<Fact> facts{submitted(1, next, next + 19)};
          for (std::uint64_t i = next; i < next + 20; ++i)
            if (i % 20 != 3) facts.emplace_back(ended(1, i, i - i / 20));
          next += 20;
          if (!store.commit(facts)) ::_exit(2);
        }
      } catch (const std::exception&) {
        ::_exit(3);
      }
    }
    test::pause_for(std::chrono::milliseconds{60 + 7 * round});
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status));
  }
  SqliteStore store(options);
  const Restored restored = store.restore();
  REQUIRE(restored.sessions.size() == 1);
  const std::uint64_t accepted = restored.sessions[0].accepted;
  CHECK(accepted > 0);
  CHECK(accepted % 20 == 0);
  CHECK(restored.pending.size() == accepted / 20);
  for (const auto& pending : restored.pending) CHECK(pending.ended.size() == 2);
  sql::Database db(options.path);
  CHECK(db.integer("PRAGMA integrity_check") == 0);  // it says 'ok', which is no number
  CHECK(db.integer("SELECT count(*) FROM tasks") == static_cast<std::int64_t>(accepted / 20 * 19));
}

}  // namespace roundhouse::hub
