// A pipe for tests that watch what is written to a descriptor.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include <unistd.h>

#include <doctest/doctest.h>

#include "shared/fd.hpp"

namespace roundhouse::test {

struct Pipe {
  Fd read;
  Fd write;

  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    read = Fd(ends[0]), write = Fd(ends[1]);
  }

  // What is there, once something is.
  [[nodiscard]] std::string next() const {
    std::string out(std::size_t{1} << 20U, ' ');
    const ssize_t got = ::read(read.get(), out.data(), out.size());
    REQUIRE(got >= 0);
    out.resize(static_cast<std::size_t>(got));
    return out;
  }

  // All until nobody can write to it any more.
  [[nodiscard]] std::string rest() const {
    std::string out;
    for (std::string part = next(); !part.empty(); part = next()) out += part;
    return out;
  }
};

}  // namespace roundhouse::test
