// Man pages made from the words of a program: its CLI11 tree is the one source of its help, its
// pages and its completion. A command's footer is taken apart as it stands in the help: what
// follows "Example:" or "Examples:" up to an empty line is EXAMPLES, a paragraph that begins with
// "Exit codes:" is EXIT STATUS, the rest belongs to DESCRIPTION. What has an empty group is hidden
// in both.
//
// Plain functions, for any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

namespace roundhouse::manual {

// A term and what it means.
using Terms = std::vector<std::pair<std::string, std::string>>;

// What the tree does not say, the same on all pages of a program.
struct Notes {
  int section = 1;
  std::string version;
  Terms environment;
  Terms files;
  std::vector<std::string> see_also;  // "roundhouse(1)"
};

struct Page {
  std::string file;  // "roundhouse-start.1"
  std::string text;
};

// Text that means itself in roff: backslashes, hyphens, and points and quotes that begin a line.
[[nodiscard]] std::string escaped(std::string_view text);

// One page for the program and one for each of its commands, named as in git: program-command.
[[nodiscard]] std::vector<Page> make_pages(const CLI::App& app, const Notes& notes);

// Writes them into a folder, which must be there. Throws std::runtime_error when it cannot.
void write_pages(const CLI::App& app, const Notes& notes, const std::string& folder);

// Its commands, those in help.
[[nodiscard]] std::vector<const CLI::App*> commands_of(const CLI::App& app);

// Its options and arguments, those in help.
[[nodiscard]] std::vector<const CLI::Option*> options_of(const CLI::App& app);

}  // namespace roundhouse::manual
