#include "hub/blobs.hpp"

#include <fstream>

#include <doctest/doctest.h>

#include "tests/hub/sqlite_files.hpp"

namespace roundhouse::hub {

using namespace roundhouse::test;

TEST_CASE("large results are files beside the database") {
  const TempDir dir;
  const StoreOptions options = options_in(dir);
  {
    SqliteStore store(options);
    Ended large = ended(1, 1, 1);
    large.payload = large_payload(2, 20'000);
    commit(store, {opened(1), defined(1, 1), submitted(1, 1, 1), large});
    CHECK(files(options) == 1);
    auto records = maps(
        read_map(store.answer(query("result", ids_body({id_of(1, 1)}))).body.bytes)["records"]);
    REQUIRE(records.size() == 1);
    CHECK(number(records[0]["result_bytes"]) == 40'004);
    CHECK_FALSE(records[0].contains("result"));
  }
  std::ofstream(options.path + ".blobs/r00000000000000ff") << "left over";
  SqliteStore store(options);
  const Restored restored = store.restore();
  CHECK(files(options) == 1);
  REQUIRE(restored.undelivered.size() == 1);
  CHECK(restored.undelivered[0].payload == large_payload(2, 20'000));
  commit(store, {Delivered{1, 1, kStart}});
  CHECK(number(read_map(purge_all(store).body.bytes)["purged"]) == 1);
  CHECK(files(options) == 0);
}

TEST_CASE("a large result whose file is gone is an error for its client, not silence") {
  const TempDir dir;
  const StoreOptions options = options_in(dir);
  {
    SqliteStore store(options);
    Ended large = ended(1, 1, 1);
    large.payload = large_payload(1, 20'000);
    commit(store, {opened(1), submitted(1, 1, 1), large});
  }
  fs::remove_all(options.path + ".blobs");
  SqliteStore store(options);
  const Restored restored = store.restore();
  REQUIRE(restored.undelivered.size() == 1);
  CHECK(restored.undelivered[0].ending == wire::Ending::error);
  CHECK(wire::decode_error(restored.undelivered[0].payload.body()).name == "PayloadLost");
}

TEST_CASE("over the quota received results go first, and then nothing is committed") {
  const TempDir dir;
  StoreOptions options = options_in(dir);
  options.blob_bytes_max = 50'000;
  SqliteStore store(options);
  const auto large = [](std::uint64_t sequence) {
    Ended out = ended(1, sequence, sequence);
    out.payload = large_payload(1, 20'000);
    return out;
  };
  commit(store, {opened(1), submitted(1, 1, 9), large(1), large(2), Delivered{1, 1, kStart}});
  commit(store, {large(3)});  // takes the room of 1
  CHECK(files(options) == 2);
  const std::vector<Fact> one_too_many{large(4)};
  const auto refused = store.commit(one_too_many);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Errc::store_failed);
  CHECK(refused.error().text.find("blob_bytes_max") != std::string::npos);
  CHECK(files(options) == 2);
  commit(store, {large(4), Delivered{1, 4, kStart}});  // what came since makes room
  CHECK(count(options, "tasks") == 4);
}

TEST_CASE("frames of submissions are kept only where accepted promises the disk") {
  for (const Durability durability : {Durability::relaxed, Durability::commit}) {
    const TempDir dir;
    StoreOptions options = options_in(dir);
    options.durability = durability;
    Submitted with_frames = submitted(1, 1, 1);
    with_frames.batch.frames = {Buffer::take(std::string(30'000, 'x'))};
    {
      SqliteStore store(options);
      commit(store, {opened(1), with_frames});
    }
    SqliteStore store(options);
    const Restored restored = store.restore();
    REQUIRE(restored.pending.size() == 1);
    const bool kept = durability == Durability::commit;
    CHECK(restored.pending[0].batch.frames.size() == (kept ? 1 : 0));
    CHECK(files(options) == (kept ? 1 : 0));
    commit(store, {ended(1, 1, 1)});
    CHECK(files(options) == 0);
  }
}

}  // namespace roundhouse::hub
