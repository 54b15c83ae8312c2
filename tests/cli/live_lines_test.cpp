#include "cli/live_lines.hpp"

#include <sstream>

#include <doctest/doctest.h>

namespace roundhouse::cli {

namespace {

struct Said {
  std::ostringstream out;
  std::ostringstream err;
};

}  // namespace

TEST_CASE("one engine's text is written as it comes, and its last line ends") {
  Said said;
  LiveLines lines(false, said.out, said.err);
  lines.write(0, OutputStream::out, "half");
  CHECK(said.out.str() == "half");
  lines.write(0, OutputStream::out, " a line\nand");
  lines.write(0, OutputStream::err, "oops\n");
  lines.end(0);
  lines.end(0);
  CHECK(said.out.str() == "half a line\nand\n");
  CHECK(said.err.str() == "oops\n");
}

TEST_CASE("lines of several engines are whole, and say whose they are") {
  Said said;
  LiveLines lines(true, said.out, said.err);
  lines.write(3, OutputStream::out, "half");
  lines.write(4, OutputStream::out, "one\ntwo\nthr");
  CHECK(said.out.str() == "[stdout:4] one\n[stdout:4] two\n");
  lines.write(3, OutputStream::out, " a line\n");
  lines.write(3, OutputStream::err, "oops\n");
  lines.end(4);
  lines.end(3);
  CHECK(said.out.str() ==
        "[stdout:4] one\n[stdout:4] two\n[stdout:3] half a line\n[stdout:4] thr\n");
  CHECK(said.err.str() == "[stderr:3] oops\n");
}

TEST_CASE("control characters do not reach the terminal") {
  Said said;
  LiveLines one(false, said.out, said.err);
  one.write(0, OutputStream::out, "\x1b[2J\n");
  LiveLines several(true, said.out, said.err);
  several.write(1, OutputStream::out, "\x1b[2J\r\n");
  CHECK(said.out.str() == "\\x1b[2J\n[stdout:1] \\x1b[2J\\r\n");
}

}  // namespace roundhouse::cli
