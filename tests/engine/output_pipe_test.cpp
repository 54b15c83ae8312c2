#include "engine/output_pipe.hpp"

#include <array>
#include <string>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "shared/fd.hpp"

namespace roundhouse::engine {
namespace {

// A descriptor that leads into a pipe, which somebody may read.
struct Log {
  Fd read;
  Fd write;

  Log() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    read = Fd(ends[0]), write = Fd(ends[1]);
  }

  // The next bytes, as many as there are.
  [[nodiscard]] std::string next() const {
    std::string out(std::size_t{1} << 20U, ' ');
    const ssize_t got = ::read(read.get(), out.data(), out.size());
    REQUIRE(got >= 0);
    out.resize(static_cast<std::size_t>(got));
    return out;
  }
};

void print(const Log& log, std::string_view text) {
  REQUIRE(write_all(log.write.get(), text));
}

TEST_CASE("what is written can be looked at, and goes on where it would have gone") {
  const Log log;
  OutputPipe pipe(log.write.get());
  CHECK(pipe.look().empty());
  print(log, "one\ntwo\n");
  CHECK(pipe.look() == "one\ntwo\n");
  pipe.pass(4);
  CHECK(log.next() == "one\n");
  CHECK(pipe.look().empty());  // what was not passed on is gone
}

TEST_CASE("what was looked at stays in the pipe until it is passed on") {
  const Log log;
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const Fd other(::dup(ends[0]));  // as a nanny has one
  {
    OutputPipe pipe(log.write.get(), ends[0], ends[1]);
    print(log, "last words");
    CHECK(pipe.look() == "last words");
  }
  std::array<char, 64> rest{};
  CHECK(::read(other.get(), rest.data(), rest.size()) == 10);
}

TEST_CASE("once it is restored the descriptor leads where it did before") {
  const Log log;
  OutputPipe pipe(log.write.get());
  print(log, "caught ");
  pipe.restore();
  print(log, "direct ");
  CHECK(log.next() == "direct ");
  CHECK(pipe.look() == "caught ");
  pipe.pass(7);
  CHECK(log.next() == "caught ");
}

TEST_CASE("a file is written to as a pipe is") {
  std::array<char, 24> name{"/tmp/rh_output_XXXXXX"};
  const Fd file(::mkostemp(name.data(), O_APPEND));  // to which nothing can be spliced
  REQUIRE(file);
  {
    OutputPipe pipe(file.get());
    REQUIRE(write_all(file.get(), "all of it"));
    CHECK(pipe.look() == "all of it");
    pipe.pass(9);
    CHECK(pipe.look().empty());
  }
  std::array<char, 64> text{};
  CHECK(::pread(file.get(), text.data(), text.size(), 0) == 9);
  CHECK(std::string(text.data()) == "all of it");
  ::unlink(name.data());
}

TEST_CASE("a reader that reads at last gets everything") {
  const Log log;
  OutputPipe pipe(log.write.get());
  const std::string text(16000, 'x');
  std::string read;
  std::jthread reader([&] {
    while (read.size() < 20 * text.size()) read += log.next();
  });
  for (int i = 0; i < 20; ++i) {
    print(log, text);
    for (std::string_view bytes = pipe.look(); !bytes.empty(); bytes = pipe.look())
      pipe.pass(bytes.size());
  }
  reader.join();
  CHECK(read == std::string(20 * text.size(), 'x'));
}

TEST_CASE("nobody waits for a reader that does not read, and it is told what it has missed") {
  const Log log;
  OutputPipe pipe(log.write.get());
  const std::string text(16000, 'x');
  for (int i = 0; i < 20; ++i) {
    print(log, text);
    for (std::string_view bytes = pipe.look(); !bytes.empty(); bytes = pipe.look())
      pipe.pass(bytes.size());
  }
  const std::string first = log.next();
  print(log, "the end\n");
  REQUIRE(pipe.look() == "the end\n");
  pipe.pass(8);
  CHECK(log.next() == "\n[... " + std::to_string(20 * text.size() - first.size()) +
                          " bytes left out, which nobody read ...]\nthe end\n");
}

}  // namespace
}  // namespace roundhouse::engine
