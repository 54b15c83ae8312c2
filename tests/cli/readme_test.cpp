#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/temp_dir.hpp"

namespace roundhouse::test {

namespace {

namespace fs = std::filesystem;

const fs::path kSource = RH_SOURCE_DIR;

// The fenced fragments of README.md in this language.
std::vector<std::string> fragments(const std::string& language) {
  const std::string text = read_file((kSource / "README.md").string());
  const std::string open = "```" + language + "\n";
  std::vector<std::string> out;
  for (std::size_t at = text.find(open); at != std::string::npos; at = text.find(open, at)) {
    at += open.size();
    const std::size_t end = text.find("```", at);
    out.push_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

// The text without the comment lines that it begins with: in the README they name the file.
std::string without_heading(std::string text) {
  while (text.starts_with("//") || text.starts_with("# ")) text.erase(0, text.find('\n') + 1);
  return text;
}

std::vector<std::string> example_files() {
  std::vector<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(kSource / "client/examples"))
    if (entry.is_regular_file()) out.push_back(read_file(entry.path().string()));
  return out;
}

}  // namespace

TEST_CASE("every fragment of the README is cut from an example that is built") {
  const std::vector<std::string> files = example_files();
  REQUIRE(files.size() >= 8);
  std::size_t count = 0;
  for (const char* language : {"cpp", "cmake"}) {
    for (const std::string& fragment : fragments(language)) {
      const std::string wanted = without_heading(fragment);
      const bool found = std::ranges::any_of(
          files, [&](const std::string& file) { return contains(file, wanted); });
      CHECK_MESSAGE(found, fragment);
      ++count;
    }
  }
  CHECK(count >= 7);
}

TEST_CASE("every link of the README leads somewhere") {
  const std::string text = read_file((kSource / "README.md").string());
  for (std::size_t at = text.find("]("); at != std::string::npos; at = text.find("](", at + 1)) {
    if (at > 0 && text[at - 1] == '[') continue;  // a lambda
    const std::string target = text.substr(at + 2, text.find(')', at) - at - 2);
    CHECK_MESSAGE(fs::exists(kSource / target), target);
  }
}

TEST_CASE("the first module and the first client have less than 15 lines each") {
  for (const char* name : {"hello.cpp", "hello_tasks.cpp", "hello_tasks.hpp"}) {
    const std::string text = read_file((kSource / "client/examples/hello" / name).string());
    CHECK(std::ranges::count(text, '\n') < 15);
    CHECK(std::ranges::count(text, '\n') > 3);
  }
}

}  // namespace roundhouse::test
