#include "cli/interrupt.hpp"

#include <doctest/doctest.h>

#include "shared/clock.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::cli {

using namespace std::chrono_literals;

TEST_CASE("a signal is a question as long as there is an Interrupt") {
  struct sigaction before {};

  sigaction(SIGTERM, nullptr, &before);
  {
    const Interrupt interrupt;
    CHECK_FALSE(interrupt.wait(0ns));
    CHECK_NOTHROW(interrupt.check());
    std::raise(SIGTERM);
    CHECK(interrupt.signal() == SIGTERM);
    CHECK(interrupt.wait(1h));
    CHECK_THROWS_AS(interrupt.check(), Exception);
  }

  struct sigaction after {};

  sigaction(SIGTERM, nullptr, &after);
  CHECK((after.sa_handler == before.sa_handler));
  const Interrupt another;
  CHECK(another.signal() == 0);
}

TEST_CASE("waiting ends when the time is over") {
  const Interrupt interrupt;
  const TimePoint begin = steady_now();
  CHECK_FALSE(interrupt.wait(30ms));
  CHECK(steady_now() - begin >= 30ms);
}

}  // namespace roundhouse::cli
