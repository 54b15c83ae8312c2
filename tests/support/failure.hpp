// The error that a call ends with, for tests that look at it.
#pragma once

#include <doctest/doctest.h>

#include <roundhouse/error.hpp>

namespace roundhouse::test {

template <class F>
RemoteErrorInfo failure_of(F&& call) {
  try {
    call();
  } catch (const RemoteError& error) {
    return error.info();
  }
  FAIL("nothing was thrown");
  return {};
}

}  // namespace roundhouse::test
