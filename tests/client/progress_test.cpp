#include "client/progress.hpp"

#include <sstream>
#include <string>

#include <doctest/doctest.h>

namespace roundhouse::test {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a terminal gets one line that is drawn again") {
  std::ostringstream out;
  detail::ProgressLine line(out, true);
  line.show(12, 50, 1300ms);
  CHECK(out.str() == "\r12 of 50 tasks  [=======>                      ]  24 %  1.3 s");
  out.str("");
  line.finish(50, 50, 2s);
  CHECK(out.str() == "\r50 of 50 tasks  [==============================]  100 %  2.0 s\n");
}

TEST_CASE("anything else gets a line for every tenth, and a last one") {
  std::ostringstream out;
  detail::ProgressLine line(out, false);
  for (std::size_t done = 0; done <= 20; ++done) line.show(done, 20, 1s);
  line.finish(20, 20, 1s);
  const std::string text = out.str();
  CHECK(text.starts_with(" 2 of 20 tasks, 1.0 s\n 4 of 20 tasks, 1.0 s\n"));
  CHECK(text.ends_with("18 of 20 tasks, 1.0 s\n20 of 20 tasks, 1.0 s\n"));
}

TEST_CASE("nothing to do is done, and one task is one task") {
  std::ostringstream out;
  detail::ProgressLine terminal(out, true);
  terminal.show(0, 0, 0s);
  CHECK(out.str().find("100 %") != std::string::npos);
  out.str("");
  detail::ProgressLine(out, false).finish(1, 1, 0s);
  CHECK(out.str() == "1 of 1 task, 0.0 s\n");
}

TEST_CASE("waiting shows how far it is until all is done or time is up") {
  std::ostringstream out;
  std::size_t done = 0;
  const auto step = [&done](Timeout) { return ++done == 10; };
  CHECK(detail::watch({10, [&] { return done; }, step}, {.out = &out}));
  CHECK(out.str().starts_with(" 1 of 10 tasks"));
  CHECK(out.str().find("10 of 10 tasks") != std::string::npos);
  out.str("");
  const auto never = [](Timeout) { return false; };
  CHECK_FALSE(
      detail::watch({10, [] { return std::size_t{3}; }, never}, {.timeout = 0s, .out = &out}));
  CHECK(out.str().starts_with(" 3 of 10 tasks"));
}

}  // namespace
}  // namespace roundhouse::test
