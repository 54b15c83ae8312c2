#include "cli/console_words.hpp"

#include <filesystem>

#include <doctest/doctest.h>

#include "tests/support/temp_dir.hpp"

namespace roundhouse::cli {

using Words = std::vector<std::string>;

TEST_CASE("the name at the end of a line is what is being typed") {
  CHECK(name_at_end("me") == "me");
  CHECK(name_at_end("x = std::ve") == "std::ve");
  CHECK(name_at_end("f(a_1") == "a_1");
  CHECK(name_at_end("a ? b :c") == "c");
  CHECK(name_at_end("::x") == "::x");
  CHECK(name_at_end("f(").empty());
  CHECK(name_at_end("").empty());
  CHECK(name_at_end("v.si").empty());
  CHECK(name_at_end("p->si").empty());
}

TEST_CASE("names of engines, keywords and those of the standard library complete code") {
  const ConsoleWords words{.names = {"mean", "measure", "stride"}};
  CHECK(offer_words("x + mea", words).words == Words{"mean", "measure"});
  CHECK(offer_words("x + mea", words).replaces == 3);
  CHECK(offer_words("st", words).words ==
        Words{"static", "static_cast", "std::", "stride", "struct"});
  CHECK(offer_words("std::uno", words).words == Words{"std::unordered_map"});
  CHECK(offer_words("std::uno", words).replaces == 8);
  CHECK(offer_words("v.mea", words).words.empty());
  CHECK(offer_words("x + ", words).words.empty());
  CHECK(offer_words("nothing_like_it", words).words.empty());
}

TEST_CASE("commands, and what they are told, are completed, too") {
  const ConsoleWords words{.commands = {"engines", "help", "run"}, .engines = {0, 2, 10}};
  CHECK(offer_words("%", words).words == Words{"%engines", "%help", "%run"});
  CHECK(offer_words("  %r", words).words == Words{"%run"});
  CHECK(offer_words("%engines ", words).words == Words{"0", "10", "2", "all", "last"});
  CHECK(offer_words("%engines 2,1", words).words == Words{"2,10"});
  CHECK(offer_words("%help x", words).words.empty());
}

TEST_CASE("files complete %run, folders with their slash") {
  const test::TempDir dir;
  for (const char* name : {"prog.cpp", "proof.cpp", ".hidden"})
    test::write_file(dir.file(name), "");
  std::filesystem::create_directory(dir.file("projects"));
  const std::string folder = dir.file("");
  CHECK(offer_words("%run " + folder + "pro", {}).words ==
        Words{folder + "prog.cpp", folder + "projects/", folder + "proof.cpp"});
  CHECK(offer_words("%run " + folder, {}).words.size() == 3);
  CHECK(offer_words("%run " + folder + "no/where", {}).words.empty());
}

}  // namespace roundhouse::cli
