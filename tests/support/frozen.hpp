// A process that stands still.
#pragma once

#include <csignal>

#include <sys/types.h>

#include <doctest/doctest.h>

namespace roundhouse::test {

// A process that is not scheduled, until the end of this.
class Frozen {
 public:
  explicit Frozen(pid_t process) : process_(process) { REQUIRE(::kill(process_, SIGSTOP) == 0); }

  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;

  ~Frozen() { ::kill(process_, SIGCONT); }

 private:
  pid_t process_;
};

}  // namespace roundhouse::test
