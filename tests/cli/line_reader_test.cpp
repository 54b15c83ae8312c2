#include "cli/line_reader.hpp"

#include <array>
#include <thread>

#include <unistd.h>

#include <doctest/doctest.h>

#include "shared/fd.hpp"

namespace roundhouse::cli {

namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    from = Fd(ends[0]), to = Fd(ends[1]);
  }

  Fd from;
  Fd to;
};

}  // namespace

TEST_CASE("lines come one by one; the last one needs no end") {
  Pipe pipe;
  LineReader lines(pipe.from.get());
  REQUIRE(write_all(pipe.to.get(), "a\n\nb"));
  CHECK(lines.next() == "a");
  CHECK(lines.next() == "");
  pipe.to.reset();
  CHECK(lines.next() == "b");
  CHECK(lines.next() == std::nullopt);
  CHECK(lines.next() == std::nullopt);
}

TEST_CASE("a line of any length comes whole") {
  Pipe pipe;
  LineReader lines(pipe.from.get());
  const std::string line(300'000, 'x');
  std::jthread writer([&] {
    (void)write_all(pipe.to.get(), line + "\n" + line);
    pipe.to.reset();
  });
  CHECK(lines.next() == line);
  CHECK(lines.next() == line);
  CHECK(lines.next() == std::nullopt);
}

TEST_CASE("whoever waits for a line can be told to stop") {
  Pipe pipe;
  LineReader lines(pipe.from.get());
  std::jthread other([&] { lines.cancel(); });
  CHECK(lines.next() == std::nullopt);
}

TEST_CASE("a descriptor of somebody else's can stop it, too") {
  Pipe pipe;
  const WakeFd other;
  LineReader lines(pipe.from.get(), other.fd());
  REQUIRE(write_all(pipe.to.get(), "a\n"));
  CHECK(lines.next() == "a");
  std::jthread stopper([&] { other.wake(); });
  CHECK(lines.next() == std::nullopt);
}

TEST_CASE("what cannot be read has no lines") {
  LineReader lines(-1);
  CHECK(lines.next() == std::nullopt);
}

}  // namespace roundhouse::cli
