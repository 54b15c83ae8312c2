#include "cli/history_file.hpp"

#include <filesystem>
#include <thread>

#include <doctest/doctest.h>

#include "tests/support/temp_dir.hpp"

namespace roundhouse::cli {

using test::TempDir;
using Inputs = std::vector<std::string>;

TEST_CASE("an input is a line, whatever is in it") {
  for (const char* input : {"int n = 5;", "a\nb", "\"\\n\"", "\\", "a\\\nb\n", "\n"}) {
    CHECK(history_line(input).find('\n') == std::string::npos);
    CHECK(input_of(history_line(input)) == input);
  }
}

TEST_CASE("what was added is there for the next one, and for its owner alone") {
  const TempDir dir;
  const std::string path = dir.file("history");
  CHECK(HistoryFile(path).load().empty());
  HistoryFile(path).add("int n = 5;");
  HistoryFile(path).add("for (;;)\n  f();");
  HistoryFile(path).add("");
  CHECK(HistoryFile(path).load() == Inputs{"int n = 5;", "for (;;)\n  f();"});
  CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms(0777)) ==
        std::filesystem::perms(0600));
}

TEST_CASE("the oldest go when there are too many") {
  const TempDir dir;
  const HistoryFile file(dir.file("history"), 3);
  for (int i = 0; i < 20; ++i) {
    file.add(std::to_string(i));
    CHECK(std::filesystem::file_size(dir.file("history")) < 20);
  }
  CHECK(file.load() == Inputs{"17", "18", "19"});
}

TEST_CASE("several add at a time, and nothing is lost") {
  const TempDir dir;
  constexpr int kEach = 100;
  {
    std::vector<std::jthread> consoles;
    for (int i = 0; i < 4; ++i) {
      consoles.emplace_back([&] {
        const HistoryFile file(dir.file("history"));
        for (int k = 0; k < kEach; ++k) file.add("input");
      });
    }
  }
  CHECK(HistoryFile(dir.file("history")).load() == Inputs(4 * kEach, "input"));
}

TEST_CASE("half a line is none, and the next one does not go on with it") {
  const TempDir dir;
  test::write_file(dir.file("history"), "whole\nhal");
  const HistoryFile file(dir.file("history"));
  CHECK(file.load() == Inputs{"whole"});
  file.add("next");
  CHECK(file.load() == Inputs{"whole", "next"});
}

TEST_CASE("what cannot be read or written is no history") {
  const TempDir dir;
  std::filesystem::create_symlink(dir.file("elsewhere"), dir.file("link"));
  for (const std::string& path : {std::string(), dir.file("no/folder"), dir.file("link")}) {
    HistoryFile(path).add("a");
    CHECK(HistoryFile(path).load().empty());
  }
  CHECK_FALSE(std::filesystem::exists(dir.file("elsewhere")));
}

}  // namespace roundhouse::cli
