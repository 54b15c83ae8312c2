// Of the programs as they are: every command has help that teaches, a page and completion.
#include <algorithm>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/command.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/roundhouse_command.hpp"
#include "tests/support/temp_dir.hpp"

namespace roundhouse::test {

namespace {

using Words = std::vector<std::string>;

Words lines_of(const std::string& text) {
  Words lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

Words with(Words words, const std::string& last) {
  words.push_back(last);
  return words;
}

// What the program offers after these words.
Words offered(const Shell& roundhouse, Words words) {
  words.insert(words.begin(), "complete");
  return lines_of(roundhouse(words).out);
}

// All commands, the program itself among them: its words, {} and {"engines", "add"}. Names of
// commands are the only words that are offered first and have help.
void collect(const Shell& roundhouse, const Words& command, std::vector<Words>& found) {
  found.push_back(command);
  const Ended help = roundhouse(with(command, "--help"));
  REQUIRE(help.exit == 0);
  const std::size_t commands = help.out.find("\nSubcommands:\n");
  if (commands == std::string::npos) return;
  for (const std::string& line : lines_of(help.out.substr(commands + 14))) {
    if (line.empty()) break;
    if (line.size() < 3 || line[2] == ' ') continue;  // a description goes on
    collect(roundhouse, with(command, line.substr(2, line.find(' ', 2) - 2)), found);
  }
}

std::vector<Words> all_commands(const Shell& roundhouse) {
  std::vector<Words> found;
  collect(roundhouse, {}, found);
  REQUIRE(found.size() > 15);
  return found;
}

std::string joined(const Words& command, char between) {
  std::string text = "roundhouse";
  for (const std::string& word : command) text += between + word;
  return text;
}

// Those that begin a line of the help.
std::set<std::string> options_in(const std::string& help) {
  std::set<std::string> options;
  for (const std::string& line : lines_of(help)) {
    if (!line.starts_with("  -")) continue;
    std::istringstream words(line.substr(0, line.find("  ", 2)));
    std::string names;
    words >> names;
    std::istringstream each(names);
    for (std::string name; std::getline(each, name, ',');) options.insert(name);
  }
  return options;
}

std::string in_roff(std::string text) {
  for (std::size_t at = 0; (at = text.find('-', at)) != std::string::npos; at += 2)
    text.replace(at, 1, "\\-");
  return text;
}

void check_page(const std::string& page, const std::string& help, bool has_parts) {
  for (const std::string title : {"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS",
                                  "ENVIRONMENT", "FILES", "EXAMPLES", "SEE ALSO"})
    CHECK_MESSAGE(contains(page, "\n.SH " + title + '\n'), title);
  CHECK(contains(page, "\n.SH COMMANDS\n") == has_parts);
  CHECK_FALSE(contains(page, "(see above)"));
  for (const std::string& option : options_in(help))
    CHECK_MESSAGE(contains(page, "\\fB" + in_roff(option) + "\\fR"), option);
}

// Sources the script in a bash without anything else and completes the last of these words.
Words in_bash(const Shell& roundhouse, const Words& words) {
  const std::string script = roundhouse.file("completion");
  write_file(script, roundhouse({"completion", "bash"}).out);
  std::string code = "source '" + script + "'; COMP_WORDS=('" + kBin + "/roundhouse'";
  for (const std::string& word : words) code += " '" + word + "'";
  code += "); COMP_CWORD=" + std::to_string(words.size()) +
          "; _roundhouse; printf '%s\\n' \"${COMPREPLY[@]}\"";
  const Ended ended = run({"bash", "--norc", "--noprofile", "-c", code});
  CHECK_MESSAGE(ended.err.empty(), ended.err);
  Words lines = lines_of(ended.out);
  if (lines == Words{""}) lines.clear();
  return lines;
}

}  // namespace

TEST_CASE("the help of every command says what it does, with an example and the exit codes") {
  const Shell roundhouse;
  for (const Words& command : all_commands(roundhouse)) {
    CAPTURE(joined(command, ' '));
    const std::string help = roundhouse(with(command, "--help")).out;
    CHECK_FALSE(help.starts_with("Usage"));
    CHECK(contains(help, "Example"));
    CHECK(contains(help, "Exit codes: 0 success"));
    CHECK(contains(help.substr(help.find("Example")), joined(command, ' ')));
  }
}

TEST_CASE("every command has a page with all of its options") {
  const Shell roundhouse;
  const TempDir pages;
  REQUIRE(roundhouse({"manual", pages.path()}).exit == 0);
  for (const Words& command : all_commands(roundhouse)) {
    CAPTURE(joined(command, ' '));
    const std::string help = roundhouse(with(command, "--help")).out;
    check_page(read_file(pages.file(joined(command, '-') + ".1")), help,
               contains(help, "\nSubcommands:\n"));
  }
}

TEST_CASE("the daemons have theirs, in section 8") {
  const TempDir pages;
  for (const std::string name : {"roundhouse-hub", "roundhouse-engine"}) {
    CAPTURE(name);
    REQUIRE(run({kBin + "/" + name, "--manual", pages.path()}).exit == 0);
    const Ended help = run({kBin + "/" + name, "--help"});
    check_page(read_file(pages.file(name + ".8")), help.out, false);
    CHECK(options_in(help.out).contains("--set"));
  }
}

TEST_CASE("bash completes the commands and the options of each") {
  const Shell roundhouse;
  for (const Words& command : all_commands(roundhouse)) {
    CAPTURE(joined(command, ' '));
    if (!command.empty()) {
      const Words names = in_bash(roundhouse, command);
      CHECK(std::ranges::find(names, command.back()) != names.end());
    }
    const Words options = in_bash(roundhouse, with(command, "--"));
    for (const std::string& option : options_in(roundhouse(with(command, "--help")).out))
      if (option.starts_with("--"))
        CHECK_MESSAGE(std::ranges::find(options, option) != options.end(), option);
  }
}

TEST_CASE("bash completes values: of a list, and names of files") {
  const Shell roundhouse;
  CHECK(in_bash(roundhouse, {"start", "--store", "s"}) == Words{"sqlite"});
  CHECK(in_bash(roundhouse, {"start", "--store", "=", "m"}) == Words{"memory"});
  write_file(roundhouse.file("a module.so"), "");
  CHECK(in_bash(roundhouse, {"load", roundhouse.file("a mod")}) ==
        Words{roundhouse.file("a module.so")});
  CHECK(in_bash(roundhouse, {"result", "last", "la"}) == Words{"last"});
}

TEST_CASE(
    "without a hub, completion is silent; with one it knows clusters, engines and functions") {
  const Shell roundhouse;
  CHECK(offered(roundhouse, {"tasks", "--engine", ""}) == Words{"all", "last"});
  CHECK(offered(roundhouse, {"result", ""}) == Words{"last"});
  REQUIRE(roundhouse({"start", "--cluster", "night", "-n", "1"}).exit == 0);
  CHECK(in_bash(roundhouse, {"--cluster", "ni"}) == Words{"night"});
  REQUIRE(roundhouse(
              {"load", "--cluster", "night", std::string(RH_BINARY_DIR) + "/lib/shipped/which1.so"})
              .exit == 0);
  // A hub that is slow to answer is not waited for: the key is pressed again.
  const auto comes = [&](const Words& line, const Words& words) {
    return comes_true([&] { return offered(roundhouse, line) == words; });
  };
  CHECK(comes({"tasks", "--cluster", "night", "--engine", ""}, {"all", "last", "0"}));
  CHECK(comes({"tasks", "--cluster", "night", "--function", "shipped::wh"}, {"shipped::which"}));
  CHECK(comes({"tasks", "--cluster", "night", "--function", "shipped", "::", "wh"}, {"which"}));
  CHECK(offered(roundhouse, {"tasks", "--function", "a", "::", "--"}).empty());
}

}  // namespace roundhouse::test
