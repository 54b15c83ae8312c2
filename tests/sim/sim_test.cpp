// A thousand fixed worlds, and every one that ever failed. By hand and for long: roundhouse-sim.

#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include "tests/sim/world.hpp"

using namespace roundhouse::sim;

namespace {

// Seeds that failed once, with what they found.
struct Known {
  std::uint64_t seed;
  const char* found;
};

constexpr Known kKnown[] = {
    {1, "the first world"},
    {60, "work given out again within the grace of an engine that had joined uncommitted"},
    {97, "a client that sent more bytes than it had credit for"},
    {164, "a task that lacked its frames and never ended"},
    {198, "a database that differed from what the client was told"},
    {250, "a lane that overtook a task without its frames"},
    {304, "the last engine was about to stop when the world healed"},
    {371, "a retry used up by an engine that was lost in silence"},
    {514, "the end of an engine that only its nanny had spoken of"},
    {437, "a hello that had come on one plane only"},
    {2159, "the same, when the grace was over"},
    {2565, "the same once more"},
    {869, "work sent to a connection that was gone, which its engine may have had"},
    {1640, "an engine killed while the hub was stopped"},
    {1983, "an engine that left while the hub was stopped"},
    {2607, "four engines lost at once"},
    {891, "a direct task taken from the engine that ran it, because that had another id"},
    {1521, "a task that ended before its client could say that it has the outcome"},
    {2223, "an empty record behind one that went alone"},
    {3092, "a client that had left before it started"},
    {3945, "an engine that was lost after everything was at rest"},
    {4221, "an older fence that had lost to another one"},
    {4627, "the failure of a run that is tried again, kept for ever"},
    {5735, "an attempt that counted twice, with its engine and by what the nanny said"},
    {6466, "credit that a record alone had exceeded"},
    {7748, "a run refused because the part that was accepted counted again"},
    {11521, "an attempt that counted twice, as lost and as failed"},
    {17279, "an engine that began what a later hub had given to another"},
    {17538, "messages by a connection that was given up, answered as those of a stranger"},
    {19099, "a lane that overtook what had waited for its engine"},
    {22550, "an outcome older than one that waits for its session, kept for ever"},
    {29111, "a lane that went on waiting for a task that had ended"},
    {31306, "a record of what was run again before its client was back"},
    {45246, "an engine that fell silent within the grace and counted as back"},
    {64487, "a record of the second run of a task that two hubs let run"},
    {77199, "a lane that did not notice that its client had everything"},
    {82396, "an empty record under the template of another task"},
    {90924, "an outcome confirmed to its engine before it was stored"},
    {150714, "an empty record that the next hub ran"},
    {223450, "the same, seen by another hub"},
    {10527, "a last word that came behind the loss of the other plane"},
    {21894, "an outcome that came too late for a client that had nothing yet"},
    {60880, "a lost engine that had the outcome after all"},
    {233236, "a hub that started after the world had healed"},
    {257389, "a fence used twice, because an older one came back"},
    {289002, "a lost engine of which a later hub knew how it died"},
    {17538, "messages under way behind the loss of the other plane, counted as malformed"},
    {14287, "a module that its killed client never sent, and all behind it that the hub had"},
    {9247, "a task for which there was no engine, behind others that had ended for that"},
    {35419, "a task that an engine gave back to a hub which did not know yet where it may run"},
    {75048, "the same, when it knew that it may run"},
    {65079, "outcomes of an engine that fell silent before their session was back"},
    {92440, "a task whose end was lost with its hub, behind those that came after it in its lane"},
    {73964,
     "a task that an engine ran for one hub and the next, which was lost, called impossible"},
    {4270, "an aborted task of whose attempts the client and the record knew different ones"},
    {84962, "an abort that was answered before it was on record that its tasks had ended"},
    {42226, "an abort of what its client had the outcome of, which was never on record"},
    {53891, "the same"},
    {56858, "the same on five engines"},
    {84322, "the same on three engines"},
    {3389, "an engine that had the same task twice, of which one run ended"},
    {41950, "work of a client that had left, and what it asked for after all was at rest"},
};

std::string run(std::uint64_t seed) {
  try {
    World world{draw_world(seed), false};
    world.run();
    return {};
  } catch (const Violation& violation) {
    return violation.what();
  }
}

}  // namespace

TEST_CASE(
    "a thousand worlds: whatever breaks, every task ends once, and everything comes to rest") {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    CAPTURE(seed);
    CHECK(run(seed) == "");
  }
}

TEST_CASE("worlds that failed once do not fail again") {
  for (const Known& known : kKnown) {
    CAPTURE(known.seed);
    CAPTURE(known.found);
    CHECK(run(known.seed) == "");
  }
}

TEST_CASE("a world is the same each time") {
  World first{draw_world(17), false};
  first.run();
  World second{draw_world(17), false};
  second.run();
  CHECK(first.steps() == second.steps());
  CHECK(first.now() == second.now());
}
