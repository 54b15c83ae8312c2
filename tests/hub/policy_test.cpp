#include "hub/core/policy.hpp"

#include <map>

#include <doctest/doctest.h>

using namespace roundhouse;
using namespace roundhouse::hub;

namespace {

bool any(EngineIndex) {
  return true;
}

// Engines 0 to count - 1, without load.
Policy with_engines(PolicyName name, EngineIndex count, std::uint64_t seed = 1) {
  Policy policy(name, seed);
  for (EngineIndex engine = 0; engine < count; ++engine) policy.open(engine, 0);
  return policy;
}

EngineIndex place(Policy& policy) {
  const EngineIndex engine = policy.choose(any);
  policy.given(engine, false);
  return engine;
}

std::map<EngineIndex, int> shares(Policy& policy, int tasks) {
  std::map<EngineIndex, int> out;
  for (int i = 0; i < tasks; ++i) ++out[place(policy)];
  return out;
}

}  // namespace

TEST_CASE("least loaded takes the one with the least in flight, ties by id") {
  Policy policy = with_engines(PolicyName::least_loaded, 3);
  CHECK(place(policy) == 0);
  policy.open(0, 256);
  CHECK(place(policy) == 1);
  policy.open(1, 512);
  policy.open(2, 512);
  CHECK(place(policy) == 0);
  CHECK(policy.choose_of({1, 2}, any) == 1);
}

TEST_CASE("lru takes the one that was given work longest ago, also by a direct call") {
  Policy policy = with_engines(PolicyName::lru, 3);
  policy.given(0, true);
  policy.open(1, 5000);  // its load does not count
  CHECK(place(policy) == 1);
  CHECK(place(policy) == 2);
  CHECK(place(policy) == 0);
  CHECK(policy.choose_of({0, 2}, any) == 2);
  policy.close(1);
  policy.given(1, true);  // also while it has no room
  policy.open(1, 0);
  CHECK(place(policy) == 2);
}

TEST_CASE("pure goes round by id, whatever the load") {
  Policy policy = with_engines(PolicyName::pure, 3);
  policy.open(1, 9999);
  policy.given(2, true);  // direct calls are none of its turns
  for (const EngineIndex expected : {0U, 1U, 2U, 0U}) CHECK(place(policy) == expected);
  policy.close(1);
  CHECK(place(policy) == 2);
  CHECK(policy.choose_of({0, 2}, any) == 0);
  CHECK(policy.choose([](EngineIndex engine) { return engine == 2; }) == 2);
}

TEST_CASE("random spreads evenly") {
  Policy policy = with_engines(PolicyName::random, 4);
  policy.open(3, 100'000);  // its load does not count
  for (const auto& [engine, count] : shares(policy, 4000)) {
    CHECK(count > 850);
    CHECK(count < 1150);
  }
}

TEST_CASE("weighted random gives in proportion to 1 / (1 + load)") {
  Policy policy = with_engines(PolicyName::weighted_random, 3);
  policy.open(1, 256);      // one task per slot: half of the weight
  policy.open(2, 3 * 256);  // a quarter
  auto share = shares(policy, 7000);
  CHECK(share[0] > 3800);
  CHECK(share[0] < 4200);
  CHECK(share[1] > 1850);
  CHECK(share[1] < 2150);
  CHECK(share[2] > 880);
  CHECK(share[2] < 1120);
}

TEST_CASE("two choices never takes the most loaded of several") {
  Policy policy = with_engines(PolicyName::two_choices, 5);
  policy.open(2, 256);
  auto share = shares(policy, 1000);
  CHECK(share.count(2) == 0);
  for (const EngineIndex engine : {0U, 1U, 3U, 4U}) CHECK(share[engine] > 50);
}

TEST_CASE("every policy takes only engines that have room and fit, if there is any") {
  for (std::size_t i = 0; i < kPolicyNames.size(); ++i) {
    CAPTURE(kPolicyNames[i]);
    Policy policy = with_engines(static_cast<PolicyName>(i), 100);
    policy.close(98);
    for (int repeat = 0; repeat < 20; ++repeat) {
      CHECK(policy.choose([](EngineIndex engine) { return engine >= 98; }) == 99);
      CHECK(policy.choose_of({7, 98}, any) == 7);
    }
    CHECK(policy.choose([](EngineIndex) { return false; }) == kNoEngine);
    CHECK(policy.choose_of({98, 300}, any) == kNoEngine);
    for (EngineIndex engine = 0; engine < 100; ++engine) policy.close(engine);
    CHECK(policy.size() == 0);
    CHECK(policy.choose(any) == kNoEngine);
  }
}

TEST_CASE("chance repeats itself with its seed") {
  for (const PolicyName name :
       {PolicyName::weighted_random, PolicyName::two_choices, PolicyName::random}) {
    Policy one = with_engines(name, 50, 4711);
    Policy same = with_engines(name, 50, 4711);
    Policy other = with_engines(name, 50, 4712);
    bool differs = false;
    for (int i = 0; i < 100; ++i) {
      const EngineIndex engine = place(one);
      CHECK(place(same) == engine);
      differs = place(other) != engine || differs;
    }
    CHECK(differs);
  }
}

TEST_CASE("a policy that changes knows the engines as they are") {
  Policy policy = with_engines(PolicyName::random, 3);
  policy.open(0, 512);
  policy.open(1, 256);
  policy.given(2, false);
  policy.change(PolicyName::least_loaded);
  CHECK(policy.choose(any) == 2);
  policy.change(PolicyName::lru);
  CHECK(policy.choose(any) == 0);
  policy.change(PolicyName::two_choices);
  policy.close(2);
  CHECK(policy.choose(any) == 1);
  CHECK(policy.name() == PolicyName::two_choices);
}

TEST_CASE("weights can be set, taken away and drawn at any place") {
  WeightTree tree;
  tree.set(40, 5);
  tree.set(3, 2);
  tree.set(1000, 1);
  CHECK(tree.total() == 8);
  CHECK(tree.find(0) == 3);
  CHECK(tree.find(1) == 3);
  CHECK(tree.find(2) == 40);
  CHECK(tree.find(7) == 1000);
  tree.set(40, 0);
  CHECK(tree.total() == 3);
  CHECK(tree.find(2) == 1000);
}

TEST_CASE("a policy's name is understood, also as others have it, and a wrong one explained") {
  for (std::size_t i = 0; i < kPolicyNames.size(); ++i)
    CHECK(*parse_policy(kPolicyNames[i]) == static_cast<PolicyName>(i));
  CHECK(*parse_policy("twobin") == PolicyName::two_choices);
  CHECK(*parse_policy("leastload") == PolicyName::least_loaded);
  const auto wrong = parse_policy("least_loded");
  REQUIRE_FALSE(wrong.ok());
  CHECK(wrong.error().code == Errc::invalid);
  CHECK(wrong.error().text ==
        "there is no policy 'least_loded': did you mean 'least_loaded'? There are least_loaded, "
        "lru, weighted_random, two_choices, random, pure");
  CHECK(parse_policy("x").error().text ==
        "there is no policy 'x': there are least_loaded, lru, weighted_random, two_choices, "
        "random, pure");
}
