#include "shared/log.hpp"

#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/temp_dir.hpp"

namespace roundhouse {

using test::TempDir;

namespace {

// The log of one test, closed again before its file is read.
struct OpenLog {
  explicit OpenLog(const log::Options& options) { log::open(options).or_throw(); }

  OpenLog(const OpenLog&) = delete;
  OpenLog& operator=(const OpenLog&) = delete;

  ~OpenLog() { log::close(); }
};

std::vector<std::string> lines_of(const std::string& path) {
  std::istringstream text(test::read_file(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("an event is one line: time in UTC, level, program, event, fields") {
  const TempDir dir;
  const std::string path = dir.file("hub.log");
  {
    const OpenLog open({.program = "hub", .file = path});
    log::info("engine_joined", {{"engine", 3}, {"host", "a b"}, {"share", 0.5}, {"ok", true}});
    log::error("{} %s");
  }
  const auto lines = lines_of(path);
  REQUIRE(lines.size() == 2);
  CAPTURE(lines[0]);
  const std::string form = "dddd-dd-ddTdd:dd:dd.ddddddZ";
  std::string time = lines[0].substr(0, form.size());
  for (char& c : time) c = c >= '0' && c <= '9' ? 'd' : c;
  CHECK(time == form);
  CHECK(lines[0].substr(form.size()) ==
        " info hub engine_joined engine=3 host=\"a b\" share=0.500000 ok=true");
  CHECK(lines[1].ends_with(" error hub {} %s"));
}

TEST_CASE("what is below the level is not written") {
  const TempDir dir;
  const std::string path = dir.file("hub.log");
  {
    const OpenLog open({.program = "hub", .file = path, .level = log::Level::warn});
    CHECK(!log::enabled(log::Level::info));
    CHECK(log::enabled(log::Level::error));
    log::info("a");
    log::warn("b");
  }
  REQUIRE(lines_of(path).size() == 1);
  CHECK(lines_of(path)[0].ends_with("warn hub b"));
  CHECK(!log::enabled(log::Level::info));
}

TEST_CASE("text from outside cannot forge a line or a terminal sequence") {
  CHECK(log::quoted("plain-1.5/x") == "plain-1.5/x");
  CHECK(log::quoted("") == "\"\"");
  CHECK(log::quoted("a=b") == "\"a=b\"");
  CHECK(log::quoted("say \"\\\"") == R"("say \"\\\"")");
  CHECK(log::quoted("a\nerror hub x\t") == R"("a\nerror hub x\t")");
  CHECK(log::quoted("\x1b[31m\x7f") == R"("\x1b[31m\x7f")");
  CHECK(log::quoted("gr\xc3\xbc\xc3\x9f"
                    "e") ==
        "\"gr\xc3\xbc\xc3\x9f"
        "e\"");
  CHECK(log::quoted("\xc2\x9b"
                    "31m") == R"("\xc2\x9b31m")");
  CHECK(log::quoted("\xff\xc3") == R"("\xff\xc3")");
  CHECK(log::quoted("\xed\xa0\x80\xc0\x80") == R"("\xed\xa0\x80\xc0\x80")");
  CHECK(log::quoted(std::string_view("\0", 1)) == R"("\x00")");
}

TEST_CASE("an asynchronous log has written everything when it is closed") {
  const TempDir dir;
  const std::string path = dir.file("hub.log");
  {
    const OpenLog open({.program = "hub", .file = path, .asynchronous = true});
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([i] {
        for (int j = 0; j < 500; ++j) log::info("turn", {{"thread", i}, {"turn", j}});
      });
    }
  }
  CHECK(lines_of(path).size() == 2000);
}

TEST_CASE("a log that cannot be opened is an error") {
  const TempDir dir;
  test::write_file(dir.file("file"), "");
  const std::string path = dir.file("file/hub.log");
  const auto failed = log::open({.program = "hub", .file = path});
  CHECK(failed.error().code == Errc::io_failed);
  CHECK(failed.error().text.find(path) != std::string::npos);
  log::info("goes nowhere and does no harm");
}

TEST_CASE("levels have names") {
  for (const auto level : {log::Level::debug, log::Level::info, log::Level::warn, log::Level::error,
                           log::Level::off}) {
    CHECK(log::level_from_string(log::to_string(level)) == level);
  }
  CHECK(!log::level_from_string("loud"));
}

}  // namespace roundhouse
