#include "hub/memory_store.hpp"

#include <doctest/doctest.h>

#include "tests/hub/facts.hpp"
#include "tests/support/temp_dir.hpp"

namespace roundhouse::hub {
namespace {

using namespace roundhouse::test;

std::vector<std::string> history(Store& store) {
  return ids_in(store.answer(newest_first()));
}

}  // namespace

TEST_CASE("the oldest records go when there are too many") {
  StoreOptions options;
  options.memory_records_max = 3;
  MemoryStore store(options);
  std::vector<Fact> facts{opened(1)};
  for (std::uint64_t i = 1; i <= 5; ++i) facts.emplace_back(ended(1, i, i));
  REQUIRE(store.commit(facts).ok());
  CHECK(history(store) == std::vector<std::string>{id_of(1, 5), id_of(1, 4), id_of(1, 3)});
}

TEST_CASE("the oldest records go when their results are too large together") {
  StoreOptions options;
  options.memory_bytes_max = 45;
  MemoryStore store(options);
  std::vector<Fact> facts{opened(1)};
  for (std::uint64_t i = 1; i <= 8; ++i) facts.emplace_back(ended(1, i, i, "0123456789"));
  REQUIRE(store.commit(facts).ok());
  CHECK(history(store).size() == 4);
}

TEST_CASE("a result that would push out too many records is not kept; its size is known") {
  StoreOptions options;
  options.memory_bytes_max = 45;
  MemoryStore store(options);
  const std::vector<Fact> facts{opened(1), ended(1, 1, 1), ended(1, 2, 2, std::string(30, 'x'))};
  REQUIRE(store.commit(facts).ok());
  CHECK(history(store).size() == 2);
  auto records =
      maps(read_map(store.answer(query("result", ids_body({id_of(1, 2)}))).body.bytes)["records"]);
  REQUIRE(records.size() == 1);
  CHECK(number(records[0]["result_bytes"]) == 30);
  CHECK_FALSE(records[0].contains("result"));
  CHECK(store.answer(query("payload", ids_body({id_of(1, 2)}))).code == "payload_lost");
}

TEST_CASE("a kept result does not keep the batch that it came in") {
  StoreOptions options;
  MemoryStore store(options);
  Ended fact = ended(1, 1, 1);
  fact.payload.block = Buffer::take("abc" + std::string(100'000, 'x'));
  fact.payload.head_size = 3;
  const Buffer batch = fact.payload.block;
  {
    const std::vector<Fact> facts{opened(1), fact};
    REQUIRE(store.commit(facts).ok());
  }
  fact = Ended{};
  CHECK(batch.owners() == 1);
  auto records =
      maps(read_map(store.answer(query("result", ids_body({id_of(1, 1)}))).body.bytes)["records"]);
  REQUIRE(records.size() == 1);
  CHECK(text(records[0]["result"]) == "abc");
}

TEST_CASE("nothing is restored but the epoch and the engines") {
  const TempDir dir;
  StoreOptions options;
  options.epoch_file = dir.file("epoch");
  MemoryStore store(options);
  CHECK(store.begin_epoch() == 1);
  const std::vector<Fact> facts{opened(1), joined(7), submitted(1, 1, 1)};
  REQUIRE(store.commit(facts).ok());
  const Restored restored = NoStore(options).restore();
  CHECK(restored.epoch == 1);
  CHECK(restored.sessions.empty());
  CHECK(restored.pending.empty());
  REQUIRE(restored.engines.size() == 1);
  CHECK(restored.engines[0].id == EngineId{7});
}

}  // namespace roundhouse::hub
