#include "shared/host.hpp"

#include <sys/utsname.h>

#include <doctest/doctest.h>

namespace roundhouse {

TEST_CASE("the host has the name that the kernel gives it") {
  utsname system{};
  REQUIRE(uname(&system) == 0);
  CHECK(host_name() == system.nodename);
}

}  // namespace roundhouse
