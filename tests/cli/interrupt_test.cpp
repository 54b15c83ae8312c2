#include "cli/interrupt.hpp"

#include <poll.h>

#include <doctest/doctest.h>

#include "shared/clock.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::cli {

using namespace std::chrono_literals;

namespace {

bool is_readable(int fd) {
  pollfd file{fd, POLLIN, 0};
  return ::poll(&file, 1, 0) == 1;
}

}  // namespace

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

TEST_CASE("a signal that was taken is over, and the next one is heard of") {
  Interrupt interrupt;
  CHECK(interrupt.take() == 0);
  for (const int signal : {SIGINT, SIGHUP}) {
    CHECK_FALSE(is_readable(interrupt.fd()));
    std::raise(signal);
    CHECK(is_readable(interrupt.fd()));
    CHECK(interrupt.take() == signal);
  }
  CHECK(interrupt.signal() == 0);
  CHECK_FALSE(is_readable(interrupt.fd()));
}

TEST_CASE("waiting ends when the time is over") {
  const Interrupt interrupt;
  const TimePoint begin = steady_now();
  CHECK_FALSE(interrupt.wait(30ms));
  CHECK(steady_now() - begin >= 30ms);
}

}  // namespace roundhouse::cli
