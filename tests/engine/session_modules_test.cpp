// What an engine says of modules, and when.
#include "tests/engine/core_harness.hpp"

namespace roundhouse::engine::testing {
namespace {

wire::Offer offer_of(const std::string& bytes) {
  wire::Offer offer;
  offer.build = content_hash(bytes), offer.name = "tasks.so", offer.size = bytes.size();
  return offer;
}

}  // namespace

TEST_CASE("a module that came whole is to be loaded, and said before the last word of a welcome") {
  EngineUnderTest engine;
  engine.connects();
  CHECK(engine.hub_says(offer_of("bytes")).kinds == std::vector<std::string>{"task:want"});
  wire::Message part = wire::encode(wire::Part{content_hash("bytes"), 0});
  part.frames.push_back(Buffer::copy("bytes"));
  std::vector<ModuleBytes> loads;
  engine.event([&](Outbox& out) {
    engine.session.on_message(Plane::task, part, engine.now, out);
    loads = out.loads;
  });
  REQUIRE(loads.size() == 1);
  CHECK(loads[0].build == content_hash("bytes"));
  wire::Have have;
  have.build = content_hash("bytes");
  const Heard heard =
      engine.event([&](Outbox& out) { engine.session.on_module_loaded(have, engine.now, out); });
  CHECK(heard.kinds == std::vector<std::string>{"task:have"});
  engine.link_is_lost();
  engine.time_passes(1s);
  engine.link_comes_up();
  CHECK(engine.hub_welcomes().kinds == std::vector<std::string>{"task:have", "task:holding"});
}

TEST_CASE("a part that nobody asked for is a stray") {
  EngineUnderTest engine;
  engine.connects();
  wire::Message part = wire::encode(wire::Part{content_hash("bytes"), 0});
  part.frames.push_back(Buffer::copy("bytes"));
  engine.hub_sends(part);
  CHECK(engine.session.counters().strays == 1);
}

TEST_CASE("a run knows the builds that its template names") {
  EngineUnderTest engine;
  engine.connects();
  wire::Define define;
  define.number = 9, define.session = kAlice, define.function = "f";
  define.builds = {content_hash("one"), content_hash("two")};
  engine.hub_says(define);
  engine.hub_assigns({{.number = 1, .template_number = 9}});
  CHECK(engine.slot_starts() == 1);
  CHECK(engine.runs[0].shared->builds == define.builds);
}

}  // namespace roundhouse::engine::testing
