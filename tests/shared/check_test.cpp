#include "shared/check.hpp"

#include <cstdio>
#include <string>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

namespace roundhouse {

namespace {

struct Death {
  int signal = 0;
  std::string output;
};

// What a child says and dies of when `body` runs in it.
template <class Body>
Death death_of(Body body) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    signal(SIGABRT, SIG_DFL);  // the test framework's handler would report a test of its own
    body();
    _exit(0);
  }
  close(ends[1]);
  Death death;
  char bytes[512];
  for (ssize_t size = 0; (size = read(ends[0], bytes, sizeof bytes)) > 0;) {
    death.output.append(bytes, static_cast<std::size_t>(size));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) death.signal = WTERMSIG(status);
  return death;
}

}  // namespace

TEST_CASE("a check that holds does nothing, and does not build its message") {
  bool built = false;
  const auto message = [&] {
    built = true;
    return std::string("x");
  };
  RH_CHECK(1 + 1 == 2);
  RH_CHECK_MSG(1 + 1 == 2, message());
  CHECK(!built);
}

TEST_CASE("a check that fails says what, where and why, and aborts") {
  const int two = 2;
  const Death death = death_of([&] { RH_CHECK_MSG(two == 3, "because " + std::to_string(two)); });
  CHECK(death.signal == SIGABRT);
  CAPTURE(death.output);
  CHECK(death.output.find("check failed: two == 3") != std::string::npos);
  CHECK(death.output.find("check_test.cpp:") != std::string::npos);
  CHECK(death.output.find("because 2") != std::string::npos);
}

}  // namespace roundhouse
