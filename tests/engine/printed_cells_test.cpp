#include "engine/printed_cells.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace roundhouse::engine {
namespace {

constexpr wire::RunRef kFirst{{SessionId{7}, 1}, {2, 1}};
constexpr wire::RunRef kSecond{{SessionId{7}, 2}, {2, 1}};

// Bytes that tell where they are.
std::string text_of(std::size_t size) {
  std::string out;
  while (out.size() < size) out += std::to_string(out.size()) + ' ';
  return out.substr(0, size);
}

TEST_CASE("of a stream there are beginning and end, however it came") {
  const OwnPrintedCells own;
  for (const std::size_t size : {0U, 1U, 8192U, 8193U, 16384U, 16385U, 20480U, 40000U, 1000003U}) {
    CAPTURE(size);
    const std::string text = text_of(size);
    for (const std::size_t step : {std::size_t{1000}, std::size_t{16384}, text.size() + 1}) {
      CAPTURE(step);
      own.cells().claim(3, kFirst);
      for (std::size_t at = 0; at < text.size(); at += step)
        own.cells().append(3, 1, std::string_view(text).substr(at, step));
      const wire::PrintedStream stream = own.cells().stream(3, 1).read();
      REQUIRE(stream.total == size);
      REQUIRE(stream.head == text.substr(0, 8192));
      REQUIRE(stream.tail.size() == std::min<std::size_t>(8192, size - stream.head.size()));
      REQUIRE(text.ends_with(stream.tail));
    }
  }
}

TEST_CASE("what stood in the pipes belongs to the run that began last") {
  const OwnPrintedCells own;
  PrintedCells& cells = own.cells();
  cells.begin(0), cells.begin(1);
  cells.claim(0, kFirst), cells.append(0, 0, "first ");
  const std::vector<SeatRun> running{{0, kFirst}, {1, kSecond}};
  const PrintedLast last = cells.read(running, {PipeRest{"kept ", "rest"}, PipeRest{"", "error"}});
  REQUIRE(last.printed.size() == 2);
  CHECK(last.printed[0].out.text() == "first ");
  CHECK(last.printed[1].out.text() == "rest");
  CHECK(last.printed[1].err.text() == "error");
  CHECK(last.words == "first resterror");
  CHECK(last.began);
}

TEST_CASE("a byte of a pipe counts once, wherever its reader was killed") {
  const std::string text = "looked at ";
  for (int step = 0; step < 5; ++step) {
    CAPTURE(step);
    const OwnPrintedCells own;
    PrintedCells& cells = own.cells();
    cells.begin(0);
    cells.claim(0, kFirst);
    cells.append(0, 0, "before ");
    PipeRest rest{"", text + "and not"};
    if (step >= 1) cells.begin_keeping(0, 0);
    if (step >= 2) cells.append(0, 0, text);
    if (step >= 3) rest = {text, "and not"};
    if (step >= 4) cells.end_keeping(0);
    const std::vector<SeatRun> running{{0, kFirst}};
    CHECK(cells.read(running, {rest, {}}).printed[0].out.text() == "before looked at and not");
  }
}

TEST_CASE("what a task before wrote is not the next one's, nor its last words") {
  const OwnPrintedCells own;
  PrintedCells& cells = own.cells();
  cells.begin(0);
  cells.claim(0, kFirst), cells.append(0, 0, "a success");
  cells.begin(0);
  const std::vector<SeatRun> running{{0, kSecond}};
  const PrintedLast last = cells.read(running, {});
  REQUIRE(last.printed.size() == 1);
  CHECK(last.printed[0].empty());
  CHECK(last.words.empty());
}

TEST_CASE("while nothing runs, what was written since something did are the last words") {
  const OwnPrintedCells own;
  PrintedCells& cells = own.cells();
  CHECK_FALSE(cells.read({}, {}).began);
  const auto write = [&](std::string_view text) {
    cells.begin_keeping(PrintedCells::kIdle, 1);
    cells.append(PrintedCells::kIdle, 1, text);
    cells.end_keeping(1);
  };
  cells.begin(0);
  write("of a thread");
  CHECK(cells.read({}, {}).words == "of a thread");
  cells.begin(0);
  CHECK(cells.read({}, {}).words.empty());
  write("later");
  CHECK(cells.read({}, {PipeRest{}, PipeRest{"", " on"}}).words == "later on");
  CHECK(cells.read({}, {}).printed.empty());
}

}  // namespace
}  // namespace roundhouse::engine
