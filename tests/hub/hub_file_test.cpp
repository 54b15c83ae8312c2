#include "hub/hub_file.hpp"

#include <fstream>

#include <doctest/doctest.h>

#include "tests/hub/facts.hpp"
#include "tests/support/temp_dir.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::hub {

using namespace roundhouse::test;

TEST_CASE("each hub of a cluster has the next epoch") {
  const TempDir dir;
  CHECK(HubFile(dir.file("f")).last_epoch() == 0);
  CHECK(HubFile(dir.file("f")).begin_epoch() == 1);
  HubFile file(dir.file("f"));
  CHECK(file.last_epoch() == 1);
  CHECK(file.begin_epoch() == 2);
}

TEST_CASE("engines keep their ids, also those that left for good") {
  const TempDir dir;
  {
    HubFile file(dir.file("f"));
    file.begin_epoch();
    EngineJoined again = joined(0);
    again.incarnation = 3;
    EngineLeft left;
    left.id = EngineId{1}, left.incarnation = 2, left.gone = true;
    file.note(std::vector<Fact>{joined(0), joined(1), left, again});
  }
  const HubFile later(dir.file("f"));
  CHECK(later.uuid_of(EngineId{1}) == uuid(1));
  CHECK_FALSE(later.uuid_of(EngineId{2}));
  const auto engines = later.engines();
  REQUIRE(engines.size() == 2);
  CHECK(engines[0].id == EngineId{0});
  CHECK(engines[0].incarnation == 3);
  CHECK_FALSE(engines[0].gone);
  CHECK(engines[1].id == EngineId{1});
  CHECK(engines[1].gone);
  CHECK(engines[1].uuid == uuid(1));
}

TEST_CASE("what cannot be read of the file counts as not there") {
  const TempDir dir;
  std::ofstream(dir.file("f")) << "epoch 5\nengine x\nengine 1 nonsense 1 1 0\nnews\n";
  const HubFile file(dir.file("f"));
  CHECK(file.last_epoch() == 5);
  CHECK(file.engines().empty());
}

TEST_CASE("an epoch that cannot be written is an error") {
  HubFile file("/nonexistent-folder/epoch");
  CHECK_THROWS_AS(file.begin_epoch(), Exception);
}

}  // namespace roundhouse::hub
