#include "tests/tidy/rules.hpp"

#include <string>

#include <doctest/doctest.h>

namespace roundhouse::tidy {

namespace {

File code(std::string path, std::string text) {
  return {std::move(path), std::move(text)};
}

std::string many_lines(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "  x();\n";
  return text;
}

}  // namespace

TEST_CASE("form: what is too wide, tabbed or ragged is found, and counted in characters") {
  CHECK(form(code("hub/a.cpp", std::string(100, 'x') + "\n")).empty());
  CHECK(form(code("hub/a.cpp", std::string(101, 'x') + "\n")).size() == 1);
  CHECK(form(code("README.md", std::string(101, 'x') + "\n")).empty());
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "\xc3\xa4";
  CHECK(form(code("hub/a.cpp", umlauts + "\n")).empty());
  CHECK(form(code("hub/a.cpp", "a\tb\nc \nd\r\ne")).size() == 4);
}

TEST_CASE("size: long files and long functions are found, long classes are not") {
  CHECK(size(code("hub/a.cpp", many_lines(400))).empty());
  CHECK(size(code("hub/a.cpp", many_lines(401))).size() == 1);
  CHECK(size(code("hub/a.cpp", "void f() {\n" + many_lines(68) + "}\n")).empty());
  CHECK(size(code("hub/a.cpp", "void f() {\n" + many_lines(69) + "}\n")).size() == 1);
  CHECK(size(code("hub/a.hpp", "class A {\n" + many_lines(99) + "};\n")).empty());
  CHECK(size(code("hub/README.md", many_lines(999))).empty());
}

TEST_CASE("header: a guard and a purpose are wanted") {
  CHECK(header(code("hub/a.hpp", "// CORE. A.\n#pragma once\n")).empty());
  CHECK(header(code("hub/a.hpp", "#pragma once\n\n// CORE. A.\n")).empty());
  CHECK(header(code("hub/a.hpp", "// A.\n")).size() == 1);
  CHECK(header(code("hub/a.hpp", "#pragma once\n#include <map>\n// A.\n")).size() == 1);
}

TEST_CASE("banned names: each place has its own rules") {
  CHECK(banned_names(code("hub/a.cpp", "auto t = steady_clock::now();\n")).size() == 1);
  CHECK(banned_names(code("shared/clock.cpp", "auto t = steady_clock::now();\n")).empty());
  CHECK(banned_names(code("hub/a.cpp", "std::cerr << 1;\n")).size() == 1);
  CHECK(banned_names(code("cli/main.cpp", "std::cerr << 1;\n")).empty());
  CHECK(banned_names(code("tests/hub/a_test.cpp", "sleep_for(1s);\n")).size() == 1);
  CHECK(banned_names(code("tests/support/wait.hpp", "sleep_for(1s);\n")).empty());
  CHECK(banned_names(code("hub/a.cpp", "sleep_for(1s);\n")).empty());
  CHECK(banned_names(code("hub/a.cpp", "static_assert(true);\n  assert(true);\n")).size() == 1);
}

TEST_CASE("direction: the three parts do not know one another") {
  CHECK(
      direction(code("hub/a.cpp", "#include \"shared/x.hpp\"\n#include \"hub/x.hpp\"\n")).empty());
  CHECK(direction(code("hub/a.cpp", "#include \"engine/x.hpp\"\n")).size() == 1);
  CHECK(direction(code("shared/a.cpp", "#include \"hub/x.hpp\"\n")).size() == 1);
  CHECK(direction(code("cli/a.cpp", "#include \"client/x.hpp\"\n")).empty());
  CHECK(direction(code("cli/a.cpp", "#include \"hub/x.hpp\"\n")).size() == 1);
  CHECK(direction(code("hub/a.cpp", "#include \"tests/x.hpp\"\n")).size() == 1);
  CHECK(direction(code("client/examples/a/a.cpp", "#include \"a_tasks.hpp\"\n")).empty());
  CHECK(direction(code("tests/hub/a_test.cpp", "#include \"engine/x.hpp\"\n")).empty());
  CHECK(direction(code("hub/core/a.cpp", "#include \"../x.hpp\"\n")).size() == 2);
}

TEST_CASE("cores: neither a thread nor a shell gets in") {
  const Files files{
      code("shared/clock.hpp", "// SHELL. Clock.\n"),
      code("shared/ids.hpp", "// CORE. Ids.\n"),
      code("hub/core/a.hpp", "// CORE. A.\n#include <map>\n#include \"shared/ids.hpp\"\n"),
      code("hub/core/b.cpp", "#include <thread>\n#include \"shared/clock.hpp\"\n"),
      code("shared/ids.cpp", "#include \"shared/ids.hpp\"\n#include <mutex>\n"),
      code("shared/clock.cpp", "#include \"shared/clock.hpp\"\n#include <mutex>\n"),
  };
  CHECK(cores(files[2], files).empty());
  CHECK(cores(files[3], files).size() == 2);
  CHECK(cores(files[4], files).size() == 1);
  CHECK(cores(files[5], files).empty());
}

TEST_CASE("doors: a third-party header has one place") {
  CHECK(doors_kept(code("hub/a.cpp", "#include <zmq.hpp>\n")).size() == 1);
  CHECK(doors_kept(code("shared/net/socket.cpp", "#include <zmq.hpp>\n")).empty());
  CHECK(doors_kept(code("hub/core/a.cpp", "#include <nlohmann/json.hpp>\n")).size() == 1);
  CHECK(doors_kept(code("hub/main.cpp", "#include <CLI/CLI.hpp>\n")).empty());
  CHECK(doors_kept(code("tests/hub/a_test.cpp", "#include <sqlite3.h>\n")).empty());
}

TEST_CASE("mirrors: a source wants a test or a reason, and a reason wants a source") {
  const Files files{code("hub/core/router.cpp", ""), code("hub/main.cpp", ""),
                    code("tests/hub/router_test.cpp", "")};
  CHECK(mirrors(files, {{"hub/main.cpp", "x"}}).empty());
  CHECK(mirrors(files, {}).size() == 1);
  CHECK(mirrors(files, {{"hub/main.cpp", "x"}, {"hub/gone.cpp", "x"}}).size() == 1);
  CHECK(mirrors({code("hub/a.cpp", ""), code("tests/engine/a_test.cpp", "")}, {}).size() == 1);
  CHECK(mirrors({code("hub/a_b.cpp", ""), code("tests/hub/a_test.cpp", "")}, {}).empty());
  CHECK(mirrors({code("hub/a.cpp", ""), code("tests/hub/c/a_b_test.cpp", "")}, {}).empty());
  CHECK(
      mirrors({code("hub/a.cpp", ""), code("tests/cli/x_test.cpp", "#include \"hub/a.hpp\"\n")}, {})
          .empty());
  CHECK(mirrors({code("hub/ab.cpp", ""), code("tests/hub/a_test.cpp", "")}, {}).size() == 1);
}

TEST_CASE("registered: a test outside every module, or without a test, is found") {
  const std::string cmake = "rh_test(hub LIBRARIES rh_hub)\n";
  CHECK(registered(code("tests/hub/a_test.cpp", "TEST_CASE(\"x\") {}\n"), cmake).empty());
  CHECK(registered(code("tests/hub/a_test.cpp", "\n"), cmake).size() == 1);
  CHECK(registered(code("tests/hubs/a_test.cpp", "TEST_CASE(\"x\") {}\n"), cmake).size() == 1);
}

}  // namespace roundhouse::tidy
