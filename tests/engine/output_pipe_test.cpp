#include "engine/output_pipe.hpp"

#include <string>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "shared/fd.hpp"
#include "tests/support/pipe.hpp"
#include "tests/support/temp_dir.hpp"

namespace roundhouse::engine {
namespace {

void print(const test::Pipe& log, std::string_view text) {
  REQUIRE(write_all(log.write.get(), text));
}

TEST_CASE("what is written can be looked at, and goes on where it would have gone") {
  const test::Pipe log;
  OutputPipe pipe(log.write.get());
  CHECK(pipe.look().empty());
  print(log, "one\ntwo\n");
  CHECK(pipe.look() == "one\ntwo\n");
  pipe.pass(4);
  CHECK(log.next() == "one\n");
  CHECK(pipe.look().empty());  // what was not passed on is gone
}

TEST_CASE("what was looked at stays in the pipe until it is passed on") {
  const test::Pipe log;
  const test::Pipe nannys;
  {
    OutputPipe pipe(log.write.get(), {::dup(nannys.read.get()), ::dup(nannys.write.get())});
    print(log, "last words");
    CHECK(pipe.look() == "last words");
  }
  CHECK(nannys.next() == "last words");
}

TEST_CASE("what was taken and not passed on is in the second pipe") {
  const test::Pipe log;
  const test::Pipe nannys;
  const test::Pipe taken;
  {
    OutputPipe pipe(log.write.get(), {::dup(nannys.read.get()), ::dup(nannys.write.get()),
                                      ::dup(taken.read.get()), ::dup(taken.write.get())});
    print(log, "looked at");
    CHECK(pipe.look() == "looked at");
    print(log, ", and not");
    pipe.take();
  }
  CHECK(taken.next() == "looked at");
  CHECK(nannys.next() == ", and not");
}

TEST_CASE("once it is restored the descriptor leads where it did before") {
  const test::Pipe log;
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
  const test::TempDir dir;
  const std::string name = dir.file("out");
  // To a file that is appended to, nothing can be spliced.
  const Fd file(::open(name.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
  REQUIRE(file);
  {
    OutputPipe pipe(file.get());
    REQUIRE(write_all(file.get(), "all of it"));
    CHECK(pipe.look() == "all of it");
    pipe.pass(9);
    CHECK(pipe.look().empty());
  }
  CHECK(test::read_file(name) == "all of it");
}

TEST_CASE("a reader that reads at last gets everything") {
  const test::Pipe log;
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
  const test::Pipe log;
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
