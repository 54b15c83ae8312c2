#include "client/core/template_table.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/client/core/session_harness.hpp"

namespace roundhouse::test {
namespace {

TEST_CASE("a template is said once per connection, before its first record") {
  SessionHarness client;
  client.connects();
  client.submits("a");
  client.submits("b");
  client.flush();
  REQUIRE(client.sent.size() >= 2);
  const auto defines = client.took<wire::Define>(wire::Plane::task);
  REQUIRE(defines.size() == 1);
  CHECK(defines[0].number == 1);
  CHECK(defines[0].function == "f");
  CHECK(defines[0].session == SessionId{0xabc});
  client.submits("c");
  client.flush();
  CHECK(client.took<wire::Define>(wire::Plane::task).empty());
  client.forget_sent();
  client.link_is_lost();
  client.connects();
  CHECK(client.took<wire::Define>(wire::Plane::task).size() == 1);
}

TEST_CASE("equal templates have one number, others another") {
  SessionHarness client;
  const auto f = SessionHarness::definition("f");
  auto labelled = f;
  labelled.label = "x";
  CHECK(client.session.define(f) == client.session.define(f));
  CHECK(client.session.define(f) != client.session.define(labelled));
}

}  // namespace
}  // namespace roundhouse::test
