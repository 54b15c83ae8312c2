#include "engine/core/module_intake.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace roundhouse;
using engine::ModuleIntake;
using engine::Outbox;

namespace {

wire::Offer offer_of(const std::string& bytes, std::uint64_t order = 1) {
  wire::Offer offer;
  offer.build = content_hash(bytes), offer.name = "tasks.so", offer.size = bytes.size();
  offer.order = order;
  return offer;
}

wire::Have have_of(const std::string& bytes, const std::string& code = {}) {
  wire::Have have;
  have.build = content_hash(bytes), have.code = code;
  return have;
}

template <class M>
std::vector<M> sent(const Outbox& out) {
  std::vector<M> found;
  for (const engine::Send& send : out.sends)
    if (auto message = wire::decode_as<M>(send.message)) found.push_back(*std::move(message));
  return found;
}

// Gives the intake what comes next; returns whether it took it.
bool part(ModuleIntake& intake, const std::string& bytes, std::uint64_t at, Outbox& out) {
  const wire::Part part{content_hash(bytes), at};
  wire::Message message = wire::encode(part);
  message.frames.push_back(Buffer::copy(std::string_view(bytes).substr(at, wire::kPartBytesMax)));
  const bool taken = intake.on_part(message, part, out);
  intake.check_invariants();
  return taken;
}

}  // namespace

TEST_CASE("what is offered is asked for, one after the other, and loaded when it is whole") {
  ModuleIntake intake(true);
  Outbox out;
  const std::string large(10 * wire::kPartBytesMax + 1, 'a');
  intake.on_offer(offer_of(large, 3), out);
  intake.on_offer(offer_of("small", 4), out);
  intake.on_offer(offer_of("small", 5), out);
  auto wants = sent<wire::Want>(out);
  REQUIRE(wants.size() == 1);
  CHECK(wants[0] == wire::Want{content_hash(large), 0});
  out.clear();
  CHECK_FALSE(part(intake, "small", 0, out));
  for (std::uint64_t at = 0; at < large.size(); at += wire::kPartBytesMax)
    CHECK(part(intake, large, at, out));
  REQUIRE(out.loads.size() == 1);
  CHECK(out.loads[0].build == content_hash(large));
  CHECK(out.loads[0].order == 3);
  CHECK(out.loads[0].parts.size() == 11);
  wants = sent<wire::Want>(out);
  REQUIRE(wants.size() == 3);  // the window moves on twice; then the next one
  CHECK(wants[0].from == 4 * wire::kPartBytesMax);
  CHECK(wants[1].from == 8 * wire::kPartBytesMax);
  CHECK(wants[2].build == content_hash("small"));
  out.clear();
  CHECK(part(intake, "small", 0, out));
  REQUIRE(out.loads.size() == 1);
  CHECK(out.loads[0].order == 5);
}

TEST_CASE("parts out of turn, of another size or of nothing are dropped") {
  ModuleIntake intake(true);
  Outbox out;
  const std::string bytes(3 * wire::kPartBytesMax, 'a');
  CHECK_FALSE(part(intake, bytes, 0, out));
  intake.on_offer(offer_of(bytes), out);
  CHECK_FALSE(part(intake, bytes, wire::kPartBytesMax, out));
  wire::Part first{content_hash(bytes), 0};
  CHECK_FALSE(intake.on_part(wire::encode(first), first, out));
  wire::Message short_one = wire::encode(first);
  short_one.frames.push_back(Buffer::copy("short"));
  CHECK_FALSE(intake.on_part(short_one, first, out));
  CHECK(part(intake, bytes, 0, out));
  CHECK_FALSE(part(intake, bytes, 0, out));
  CHECK(out.loads.empty());
}

TEST_CASE("what it has it says after each welcome, and when it is offered again") {
  ModuleIntake intake(true);
  Outbox out;
  intake.add(have_of("started with"));
  intake.on_offer(offer_of("shipped"), out);
  CHECK(part(intake, "shipped", 0, out));
  out.clear();
  intake.on_link();  // the connection breaks while it is being loaded
  intake.on_loaded(have_of("shipped"), false, out);
  CHECK(out.empty());
  intake.on_welcome(out);
  CHECK(sent<wire::Have>(out).size() == 2);
  out.clear();
  intake.on_offer(offer_of("shipped", 9), out);
  CHECK(sent<wire::Have>(out).size() == 1);
  CHECK(sent<wire::Want>(out).empty());
  REQUIRE(out.orders.size() == 1);
  CHECK(out.orders[0].order == 9);
}

TEST_CASE("what came in part only is asked for anew on the next connection") {
  ModuleIntake intake(true);
  Outbox out;
  const std::string bytes(2 * wire::kPartBytesMax, 'a');
  intake.on_offer(offer_of(bytes), out);
  CHECK(part(intake, bytes, 0, out));
  intake.on_link();
  out.clear();
  intake.on_offer(offer_of(bytes), out);
  REQUIRE(sent<wire::Want>(out).size() == 1);
  CHECK(sent<wire::Want>(out)[0].from == 0);
  CHECK(part(intake, bytes, 0, out));
}

TEST_CASE("what failed is tried again when it is offered again") {
  ModuleIntake intake(true);
  Outbox out;
  intake.on_offer(offer_of("bad"), out);
  CHECK(part(intake, "bad", 0, out));
  intake.on_loaded(have_of("bad", "unknown_module"), true, out);
  CHECK(sent<wire::Have>(out).size() == 1);
  out.clear();
  intake.on_offer(offer_of("bad"), out);
  CHECK(sent<wire::Want>(out).size() == 1);
}

TEST_CASE("an engine that may not load anything refuses, but has what it was started with") {
  ModuleIntake intake(false);
  Outbox out;
  intake.add(have_of("started with"));
  intake.on_offer(offer_of("started with"), out);
  intake.on_offer(offer_of("shipped"), out);
  intake.on_offer(offer_of("shipped"), out);
  const auto haves = sent<wire::Have>(out);
  REQUIRE(haves.size() == 3);
  CHECK(haves[0].code.empty());
  CHECK(haves[1].code == "refused");
  CHECK(haves[2].code == "refused");
  CHECK(sent<wire::Want>(out).empty());
}

TEST_CASE("a module over the limits is refused") {
  ModuleIntake intake(true);
  Outbox out;
  wire::Offer offer = offer_of("x");
  offer.size = wire::kModuleBytesMax + 1;
  intake.on_offer(offer, out);
  offer = offer_of("y");
  offer.size = 0;
  intake.on_offer(offer, out);
  const auto haves = sent<wire::Have>(out);
  REQUIRE(haves.size() == 2);
  CHECK(haves[0].code == "refused");
  CHECK(haves[1].code == "refused");
}

TEST_CASE("what is withdrawn is not waited for, and holds up nothing behind it") {
  ModuleIntake intake(true);
  Outbox out;
  intake.on_offer(offer_of("first"), out);
  intake.on_offer(offer_of("second"), out);
  intake.on_offer(offer_of("third"), out);
  out.clear();
  const auto withdraw = [&](const std::string& bytes) {
    wire::Offer offer;
    offer.build = content_hash(bytes), offer.withdrawn = true;
    intake.on_offer(offer, out);
    intake.check_invariants();
  };
  withdraw("second");
  withdraw("nobody offered it");
  CHECK(out.sends.empty());
  withdraw("first");
  CHECK(sent<wire::Want>(out) == std::vector{wire::Want{content_hash("third"), 0}});
  CHECK(part(intake, "third", 0, out));
  out.clear();
  intake.on_offer(offer_of("first"), out);
  CHECK(sent<wire::Want>(out) == std::vector{wire::Want{content_hash("first"), 0}});
}
