#include "client/core/module_shelf.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace roundhouse;
using client::ModuleShelf;
using client::Outbox;
using client::ShippedModule;

namespace {

ShippedModule module_of(const std::string& bytes, bool everywhere = true) {
  return {content_hash(bytes), "tasks.so", bytes.size(), everywhere, wire::cut_module(bytes)};
}

template <class M>
std::vector<M> sent(const Outbox& out) {
  std::vector<M> found;
  for (const client::Send& send : out.sends) {
    CHECK(send.plane == wire::Plane::task);
    if (auto message = wire::decode_as<M>(send.message)) found.push_back(*std::move(message));
  }
  return found;
}

wire::Have kept(const ContentHash& build, std::vector<std::string> tasks = {}) {
  wire::Have have;
  have.build = build, have.kept = true, have.tasks = std::move(tasks);
  return have;
}

}  // namespace

TEST_CASE("a module is offered when it is shipped, and anew to each hub") {
  ModuleShelf shelf;
  Outbox out;
  CHECK(shelf.empty());
  shelf.ship(module_of("one"), false, out);
  CHECK(out.empty());
  shelf.on_welcome(out);
  auto offers = sent<wire::Offer>(out);
  REQUIRE(offers.size() == 1);
  CHECK(offers[0].build == content_hash("one"));
  CHECK(offers[0].size == 3);
  CHECK(offers[0].everywhere);
  CHECK(offers[0].fresh);
  out.clear();
  shelf.ship(module_of("two", false), true, out);
  offers = sent<wire::Offer>(out);
  REQUIRE(offers.size() == 1);
  CHECK_FALSE(offers[0].everywhere);
  shelf.on_have(kept(content_hash("one")));
  out.clear();
  shelf.on_welcome(out);
  offers = sent<wire::Offer>(out);
  REQUIRE(offers.size() == 2);
  CHECK_FALSE(offers[0].fresh);  // the hub knows; it is only said again
  CHECK(offers[1].fresh);
}

TEST_CASE("bytes go as they are wanted, within the window") {
  ModuleShelf shelf;
  Outbox out;
  const std::string bytes(20 * wire::kPartBytesMax + 5, 'x');
  shelf.ship(module_of(bytes), true, out);
  out.clear();
  shelf.on_want({content_hash("another"), 0}, out);
  shelf.on_want({content_hash(bytes), bytes.size() + 1}, out);
  CHECK(out.empty());

  shelf.on_want({content_hash(bytes), 0}, out);
  constexpr std::size_t kWindow = wire::kPartWindowBytes / wire::kPartBytesMax;
  auto parts = sent<wire::Part>(out);
  REQUIRE(parts.size() == kWindow);
  CHECK(parts.back().at == (kWindow - 1) * wire::kPartBytesMax);
  REQUIRE(out.sends.back().message.frames.size() == 1);
  CHECK(out.sends.back().message.frames[0].size() == wire::kPartBytesMax);
  out.clear();
  shelf.on_want({content_hash(bytes), 4 * wire::kPartBytesMax}, out);
  parts = sent<wire::Part>(out);
  REQUIRE(parts.size() == 4);
  CHECK(parts.front().at == kWindow * wire::kPartBytesMax);
  out.clear();
  shelf.on_want({content_hash(bytes), 16 * wire::kPartBytesMax}, out);
  CHECK(sent<wire::Part>(out).size() == 9);
  CHECK(out.sends.back().message.frames[0].size() == 5);

  SUBCASE("from the beginning when the hub begins anew") {
    out.clear();
    shelf.on_want({content_hash(bytes), 0}, out);
    CHECK(sent<wire::Part>(out).front().at == 0);
  }
}

TEST_CASE("a task is pinned to the latest build that has its function") {
  ModuleShelf shelf;
  Outbox out;
  CHECK(shelf.builds_for("f").empty());
  const ContentHash one = content_hash("one");
  const ContentHash two = content_hash("two");
  shelf.ship(module_of("one"), true, out);
  CHECK(shelf.builds_for("f") == std::vector{one});  // who knows
  const std::uint64_t before = shelf.generation();
  shelf.on_have(kept(one, {"g", "f"}));
  CHECK(shelf.generation() != before);
  CHECK(shelf.builds_for("f") == std::vector{one});
  CHECK(shelf.builds_for("h").empty());
  shelf.ship(module_of("two"), true, out);
  CHECK(shelf.builds_for("f") == std::vector{two, one});
  CHECK(shelf.builds_for("h") == std::vector{two});
  shelf.on_have(kept(two, {"f"}));
  CHECK(shelf.builds_for("f") == std::vector{two});
  CHECK(shelf.builds_for("g") == std::vector{one});

  SUBCASE("shipped again, an older one is the latest") {
    shelf.ship(module_of("one"), true, out);
    CHECK(shelf.builds_for("f") == std::vector{one});
  }
}

TEST_CASE("a build of somebody else is pinned, and never offered") {
  ModuleShelf shelf;
  Outbox out;
  const ContentHash one = content_hash("one");
  shelf.ship(module_of("two"), true, out);
  shelf.pin(one, {"g", "f"});
  CHECK(shelf.builds_for("f") == std::vector{one});
  CHECK(shelf.builds_for("h") == std::vector{content_hash("two")});
  out.clear();
  shelf.on_welcome(out);
  CHECK(sent<wire::Offer>(out).size() == 1);
  out.clear();
  shelf.on_want({one, 0}, out);
  CHECK(out.empty());

  SUBCASE("its own build keeps its bytes") {
    shelf.pin(content_hash("two"), {"f"});
    CHECK(shelf.builds_for("f") == std::vector{content_hash("two")});
    shelf.on_welcome(out);
    CHECK(sent<wire::Offer>(out).size() == 1);
  }
}

TEST_CASE("what the hub refuses, and what no engine can load, is no place for tasks") {
  ModuleShelf shelf;
  Outbox out;
  const ContentHash one = content_hash("one");
  CHECK_FALSE(shelf.state(one));
  shelf.ship(module_of("one"), true, out);
  CHECK(shelf.state(one) == ModuleShelf::State::offered);
  wire::Have have;
  have.build = one, have.code = "over_quota", have.text = "no room";
  SUBCASE("refused") {
    shelf.on_have(have);
    CHECK(shelf.state(one) == ModuleShelf::State::refused);
    CHECK(shelf.error(one).code == Errc::over_quota);
    CHECK(shelf.error(one).text == "no room");
    CHECK(shelf.builds_for("f").empty());
    out.clear();
    shelf.on_welcome(out);
    CHECK(out.empty());
    shelf.ship(module_of("one"), true, out);
    CHECK(shelf.state(one) == ModuleShelf::State::offered);
  }
  SUBCASE("loaded by none") {
    have.kept = true;
    shelf.on_have(have);
    CHECK(shelf.state(one) == ModuleShelf::State::kept);
    CHECK(shelf.builds_for("f").empty());
    shelf.on_have(kept(one, {"f"}));  // another engine can
    CHECK(shelf.builds_for("f") == std::vector{one});
    shelf.on_have(have);  // a failure elsewhere changes nothing then
    CHECK(shelf.builds_for("f") == std::vector{one});
  }
}
