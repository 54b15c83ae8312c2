#include "client/slab.hpp"

#include <doctest/doctest.h>

namespace roundhouse::test {
namespace {

wire::OutcomeRecord outcome(std::uint64_t sequence) {
  wire::OutcomeRecord out;
  out.sequence = sequence;
  out.duration_ns = 10;
  out.payload = Payload::of("result");
  return out;
}

TEST_CASE("a group counts what is unfinished, and goes with its last handle") {
  detail::Slab slab;
  detail::Slot& head = slab.open(1, 3);
  CHECK(head.unfinished == 3);
  CHECK(slab.finish(outcome(2), {}, {}) == &head);
  CHECK(slab.finish(outcome(2), {}, {}) == nullptr);  // twice
  CHECK(head.unfinished == 2);
  CHECK(slab.get(2).done);
  CHECK(slab.get(2).payload.body() == "result");
  (void)slab.finish(outcome(1), {}, {});
  (void)slab.finish(outcome(3), {}, {});
  CHECK(head.duration_ns == 30);
  CHECK(slab.used() == 3);
  share(head);
  CHECK_FALSE(drop_share(head));
  CHECK(drop_share(head));
  slab.abandon(head, 1);
  CHECK(slab.used() == 0);
  CHECK(slab.pages() == 0);
}

TEST_CASE("a group without handles goes when its last outcome has come") {
  detail::Slab slab;
  detail::Slot& head = slab.open(1, 2);
  (void)slab.finish(outcome(1), {}, {});
  slab.abandon(head, 1);
  CHECK(slab.used() == 2);
  CHECK(slab.get(1).payload.size() == 0);
  CHECK(slab.finish(outcome(2), {}, {}) == nullptr);
  CHECK(slab.used() == 0);
}

TEST_CASE("pages are used again, and one long task does not keep the others") {
  detail::Slab slab;
  slab.open(1, 1);  // never ends
  for (std::uint64_t sequence = 2; sequence < 100'000; ++sequence) {
    detail::Slot& head = slab.open(sequence, 1);
    (void)slab.finish(outcome(sequence), {}, {});
    slab.abandon(head, sequence);
  }
  CHECK(slab.used() == 1);
  CHECK(slab.pages() == 1);
}

TEST_CASE("a group may cross pages") {
  detail::Slab slab;
  detail::Slot& head = slab.open(500, 2000);
  for (std::uint64_t sequence = 2499; sequence >= 500; --sequence)
    (void)slab.finish(outcome(sequence), {}, {});
  CHECK(head.unfinished == 0);
  CHECK(slab.get(2499).order == 1);
  slab.abandon(head, 500);
  CHECK(slab.pages() == 0);
}

}  // namespace
}  // namespace roundhouse::test
