#include "shared/manual/man_page.hpp"

#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include "tests/support/temp_dir.hpp"

namespace roundhouse::manual {

namespace {

// A program with a command that has a command, and something hidden.
struct Program {
  CLI::App app{"Does things", "tool"};
  std::string text;
  int number = 0;

  Program() {
    CLI::App* start = app.add_subcommand("start", "Start it");
    start->add_option("-n,--number", number, "How many")->type_name("N");
    start->add_option("path", text, "What")->required()->type_name("PATH");
    start->footer("More of it.\n'quoted' \\ text\n\nExamples:\n  tool start -n 4\n  .x");
    start->add_subcommand("now", "At once");
    app.add_subcommand("secret", "Hidden")->group("");
    app.add_option("--unseen", text)->group("");
    app.footer("Example: tool start\n\nExit codes: 0 fine,\n1 not.");
  }

  [[nodiscard]] std::vector<Page> pages() const {
    Notes notes;
    notes.version = "1.2";
    notes.environment = {{"TOOL", "Which."}};
    notes.files = {{"~/.tool", "All."}};
    notes.see_also = {"toold(8)"};
    return make_pages(app, notes);
  }
};

}  // namespace

TEST_CASE("what means something to roff is escaped") {
  CHECK(escaped("a-b") == "a\\-b");
  CHECK(escaped("a\\b") == "a\\eb");
  CHECK(escaped(".x\n'y\nz.") == "\\&.x\n\\&'y\nz.");
}

TEST_CASE("there is a page for the program and for each command that help lists") {
  const Program program;
  std::vector<std::string> files;
  for (const Page& page : program.pages()) files.push_back(page.file);
  CHECK(files == std::vector<std::string>{"tool.1", "tool-start.1", "tool-start-now.1"});
}

TEST_CASE("a page has its sections in order, and says what help says") {
  const Program program;
  const std::string text = program.pages()[1].text;
  std::size_t at = 0;
  for (const std::string title : {"NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS",
                                  "EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES", "SEE ALSO"}) {
    const std::size_t found = text.find("\n.SH " + title + '\n', at);
    REQUIRE_MESSAGE(found != std::string::npos, title);
    at = found;
  }
  CHECK(test::contains(text, "tool\\-start \\- Start it\n"));
  CHECK(test::contains(text, "\\fB\\-n\\fR, \\fB\\-\\-number\\fR \\fIN\\fR\nHow many\n"));
  CHECK(test::contains(text, "\\fBtool start\\fR [\\fIOPTIONS\\fR] \\fIpath\\fR"));
  CHECK(test::contains(text, "\\&'quoted' \\e text\n"));
  CHECK(test::contains(text, ".SH EXIT STATUS\n0 fine,\n1 not.\n"));
  CHECK(test::contains(text, ".SH EXAMPLES\n.nf\ntool start \\-n 4\n\\&.x\n.fi\n"));
  CHECK(test::contains(text, ".BR tool (1) ,\n.BR tool\\-start\\-now (1) ,\n.BR toold (8)\n"));
}

TEST_CASE("what is hidden in help is in no page") {
  const Program program;
  for (const Page& page : program.pages()) {
    CHECK_FALSE(test::contains(page.text, "secret"));
    CHECK_FALSE(test::contains(page.text, "unseen"));
  }
}

TEST_CASE("pages are written into a folder that is there, and nowhere else") {
  const Program program;
  const test::TempDir folder;
  write_pages(program.app, {}, folder.path());
  CHECK(test::contains(test::read_file(folder.file("tool-start.1")), ".SH NAME\n"));
  CHECK_THROWS_AS(write_pages(program.app, {}, folder.file("none")), std::runtime_error);
}

}  // namespace roundhouse::manual
