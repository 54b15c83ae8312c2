#include "cli/output.hpp"

#include <sstream>
#include <string>

#include <doctest/doctest.h>

namespace roundhouse::cli {

using namespace std::chrono_literals;

TEST_CASE("columns are aligned by characters, and lines have no blanks at their end") {
  Table table({{"NAME"}, {"N", Align::right}, {"NOTE"}});
  table.row({"ü", "1", ""});
  table.row({"longer", "1000", "x"});
  CHECK(table.text(false) ==
        "NAME       N  NOTE\n"
        "ü          1\n"
        "longer  1000  x\n");
}

TEST_CASE("a table without titles has none, missing cells are empty, others are dropped") {
  Table table({{""}, {""}});
  table.row({"a"});
  table.row({"b", "c", "d"});
  CHECK(table.text(false) == "a\nb  c\n");
}

TEST_CASE("long cells are cut, and escaped before they are cut") {
  Table table({{"", Align::left, 5}});
  table.row({"123456"});
  table.row({"12345"});
  table.row({"\n\n\n"});
  CHECK(table.text(false) == "1234…\n12345\n\\n\\n…\n");
}

TEST_CASE("colour is for terminals only, and does not move columns") {
  Table table({{"S"}, {"X"}});
  table.row({{"good", Style::good}, "1"});
  CHECK(table.text(false) == "S     X\ngood  1\n");
  CHECK(table.text(true) == "\x1b[1mS\x1b[0m     \x1b[1mX\x1b[0m\n\x1b[32mgood\x1b[0m  1\n");
}

TEST_CASE("JSON is one line, in the order of its making, and survives text that is not UTF-8") {
  std::ostringstream out;
  Output output(out, true, false);
  output.document(Json{{"z", 1}, {"a", "\xff\n"}});
  CHECK(out.str() == "{\"z\":1,\"a\":\"\xef\xbf\xbd\\n\"}\n");
}

TEST_CASE("durations, bytes and counts for people") {
  CHECK(short_duration(0ns) == "0 s");
  CHECK(short_duration(1ns) == "1.00 ns");
  CHECK(short_duration(1500ns) == "1.50 µs");
  CHECK(short_duration(12'345us) == "12.3 ms");
  CHECK(short_duration(999'900us) == "1.00 s");
  CHECK(short_duration(100s) == "100 s");
  CHECK(short_duration(3min) == "3.0 min");
  CHECK(short_duration(36h) == "36.0 h");
  CHECK(short_bytes(0) == "0 B");
  CHECK(short_bytes(1500) == "1.5 kB");
  CHECK(short_bytes(3.2e9) == "3.2 GB");
  CHECK(with_commas(7) == "7");
  CHECK(with_commas(999) == "999");
  CHECK(with_commas(1000) == "1,000");
  CHECK(with_commas(12'345'678) == "12,345,678");
}

TEST_CASE("times for people: UTC to the millisecond, or a dash") {
  CHECK(short_time({}) == "-");
  CHECK(short_time(*parse_wall_time("2026-03-01T12:00:00.123456Z")) == "2026-03-01 12:00:00.123");
}

TEST_CASE("cells of JSON values") {
  CHECK(cell_text(Json("a b")) == "a b");
  CHECK(cell_text(Json(nullptr)) == "-");
  CHECK(cell_text(Json(3)) == "3");
  CHECK(cell_text(Json::array({1, 2})) == "[1,2]");
}

}  // namespace roundhouse::cli
