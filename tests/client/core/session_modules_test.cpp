// What a session does with modules, as the hub sees it on the wire.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/client/core/session_harness.hpp"

namespace roundhouse::test {
namespace {

client::ShippedModule module_of(const std::string& bytes) {
  return {content_hash(bytes), "tasks.so", bytes.size(), true, wire::cut_module(bytes)};
}

// Kinds of what was sent on the task plane, in order.
std::vector<std::string> kinds(const SessionHarness& client) {
  std::vector<std::string> out;
  for (const client::Send& send : client.sent)
    if (send.plane == wire::Plane::task) out.emplace_back(to_string(*wire::kind_of(send.message)));
  return out;
}

}  // namespace

TEST_CASE("a module is offered before the first task that means it, on each connection") {
  SessionHarness client;
  client.session.ship(module_of("bytes"), client.out);
  wire::Define define = SessionHarness::definition("f");
  define.builds = client.session.shelf().builds_for("f");
  REQUIRE(define.builds.size() == 1);
  wire::SubmitRecord record;
  record.template_number = client.session.define(define);
  record.payload = Payload::of("a");
  client.session.submit(record);
  client.tick();
  client.link_comes_up();
  client.forget_sent();
  client.hub_welcomes(client.welcome());
  CHECK(kinds(client) == std::vector<std::string>{"offer", "define", "submit"});
  CHECK(client.took<wire::Define>(wire::Plane::task)[0].builds == define.builds);
  client.link_is_lost();
  client.forget_sent();
  client.connects();
  CHECK(kinds(client) == std::vector<std::string>{"hello", "offer", "define", "submit"});
}

TEST_CASE(
    "on a connection that is usable a module is offered at once, and its bytes go when wanted") {
  SessionHarness client;
  client.connects();
  client.forget_sent();
  client.session.ship(module_of("bytes"), client.out);
  client.flush();
  REQUIRE(client.took<wire::Offer>(wire::Plane::task).size() == 1);
  client.hub_says(wire::Plane::task, wire::Want{content_hash("bytes"), 0});
  REQUIRE(client.sent.size() == 1);
  REQUIRE(client.sent[0].message.frames.size() == 1);
  CHECK(client.sent[0].message.frames[0].view() == "bytes");
  wire::Have have;
  have.build = content_hash("bytes"), have.kept = true;
  client.session.on_message(wire::Plane::task, wire::encode(have), client.now, client.out);
  CHECK(client.out.modules_changed);
  CHECK(client.session.shelf().state(have.build) == client::ModuleShelf::State::kept);
}

}  // namespace roundhouse::test
