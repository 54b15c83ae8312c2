#include "hub/schema.hpp"

#include <fstream>

#include <doctest/doctest.h>

#include "tests/hub/sqlite_files.hpp"

namespace roundhouse::hub {

using namespace roundhouse::test;

TEST_CASE("views unpack the tables for people") {
  const TempDir dir;
  const StoreOptions options = options_in(dir);
  SqliteStore store(options);
  commit(store, {opened(1), defined(1, 1), joined(3), submitted(1, 1, 2), failed(1, 1, 1)});
  sql::Database db(options.path);
  sql::Statement row = db.prepare(
      "SELECT msg_id, function, status, submitted, started, seconds, engine_uuid, error_name "
      "FROM results");
  REQUIRE(row.next());
  CHECK(row.text(0) == id_of(1, 1));
  CHECK(row.text(1) == "survey");
  CHECK(row.text(2) == "error");
  CHECK(row.text(3) == "2023-11-14T22:13:20.000001Z");
  CHECK(row.text(4) == "2023-11-14T22:13:20.000501Z");
  CHECK(row.text(5) == "0.002");
  CHECK(row.text(6) == to_string(uuid(3)));
  CHECK(row.text(7) == "std::runtime_error");
  row.reset();
  CHECK(db.integer("SELECT count(*) FROM unfinished") == 1);
}

TEST_CASE("what is no database of ours is refused with advice") {
  const TempDir dir;
  StoreOptions options = options_in(dir);
  std::ofstream(options.path) << std::string(5000, 'x');
  CHECK(open_error(options).find("name another file") != std::string::npos);

  options.path = dir.file("other.db");
  sql::Database(options.path).execute("CREATE TABLE mine(a)");
  CHECK(open_error(options).find("another program") != std::string::npos);

  options.path = dir.file("newer.db");
  { SqliteStore store(options); }
  sql::Database(options.path).execute("PRAGMA user_version = 99");
  CHECK(open_error(options).find("newer Roundhouse (schema 99") != std::string::npos);

  options.path = dir.file("torn.db");
  {
    SqliteStore store(options);
    std::vector<Fact> facts{opened(1), submitted(1, 1, 2000)};
    for (std::uint64_t i = 1; i <= 2000; ++i) facts.emplace_back(ended(1, i, i));
    commit(store, facts);
  }
  fs::resize_file(options.path, fs::file_size(options.path) / 2);
  CHECK_MESSAGE(open_error(options).find("move it away") != std::string::npos, open_error(options));
}

TEST_CASE("a database of an older schema is brought up to date and keeps its records") {
  const TempDir dir;
  const StoreOptions options = options_in(dir);
  {
    SqliteStore store(options);
    commit(store, {opened(1), defined(1, 1), submitted(1, 1, 1), ended(1, 1, 1)});
  }
  {
    sql::Database db(options.path);
    db.execute(
        "ALTER TABLE tasks DROP COLUMN arguments; DROP TABLE endings; PRAGMA user_version = 1");
  }
  SqliteStore store(options);
  (void)store.restore();
  Ended fresh = ended(1, 2, 2);
  fresh.arguments = Payload::of("kept");
  commit(store, {submitted(1, 2, 2), fresh});
  CHECK(history(store) == std::vector{id_of(1, 2), id_of(1, 1)});
  const auto arguments = [&](std::uint64_t sequence) {
    return store.answer(
        query("payload", ids_body({id_of(1, sequence)}, pair_of("of", "arguments"), 1)));
  };
  CHECK(text(read_map(arguments(2).body.bytes)["body"]) == "kept");
  CHECK(arguments(1).code == "payload_lost");
  CHECK(sql::Database(options.path).integer("PRAGMA user_version") == kSchemaVersion);
}

TEST_CASE("two hubs never write one database") {
  const TempDir dir;
  const StoreOptions options = options_in(dir);
  SqliteStore store(options);
  CHECK(open_error(options).find("another hub") != std::string::npos);
}

TEST_CASE("the files are private") {
  const TempDir dir;
  const StoreOptions options = options_in(dir);
  SqliteStore store(options);
  Ended large = ended(1, 1, 1);
  large.payload = large_payload(1, 20'000);
  commit(store, {opened(1), submitted(1, 1, 1), large});
  for (const char* suffix : {"", "-wal", "-shm", ".lock"})
    CHECK((fs::status(options.path + suffix).permissions() & fs::perms::all) ==
          (fs::perms::owner_read | fs::perms::owner_write));
  CHECK((fs::status(options.path + ".blobs").permissions() & fs::perms::all) ==
        fs::perms::owner_all);
}

}  // namespace roundhouse::hub
