#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "tests/support/command.hpp"
#include "tests/support/roundhouse_command.hpp"
#include "tests/support/temp_dir.hpp"

namespace roundhouse::test {

namespace {

namespace fs = std::filesystem;

const std::string kDemo = std::string(RH_SOURCE_DIR) + "/client/examples/survey/demo.sh";

// Folders and processes that demos keep, which should be none.
std::size_t demo_folders() {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator("/tmp"))
    count += entry.path().filename().string().starts_with("rh-demo.") ? 1U : 0U;
  return count;
}

class Demo {
 public:
  Demo() {
    write_file(texts_.file("a"), "A roundhouse turns engines.\nEngines turn.\n");
    fs::create_directory(texts_.file("below"));
    write_file(texts_.file("below/b"), "Engines stand in a roundhouse\n");
    write_file(texts_.file("below/c"), "Überraschung! (Überraschung, größte, am Zug)\n");
    write_file(texts_.file("empty"), "");
    write_file(texts_.file("binary"), std::string("engines\0engines", 15));
    fs::create_symlink(texts_.file("a"), texts_.file("link"));
  }

  [[nodiscard]] const std::string& folder() const { return texts_.path(); }

 private:
  TempDir texts_;
  ScopedEnv path_{"PATH", kBin + ":" + std::getenv("PATH")};
  ScopedEnv programs_{"ROUNDHOUSE_BINDIR", std::nullopt};
};

}  // namespace

TEST_CASE("the demo runs, says what it did, and leaves nothing behind") {
  const Demo demo;
  const std::size_t before = demo_folders();
  const Ended ended = run({kDemo, demo.folder()});
  REQUIRE_MESSAGE(ended.exit == 0, (ended.out + ended.err));
  CHECK(contains(ended.out, "1 binary file: left out"));
  CHECK(contains(ended.out, "4 of 4 files"));
  CHECK(contains(ended.out, "engines"));
  CHECK(contains(ended.out, "\nÜberraschung             2\n"));
  CHECK(contains(ended.out, "\ngrößte                   1\n"));
  CHECK_FALSE(contains(ended.out, "\nZug "));
  CHECK(contains(ended.out, "gathered: all right"));
  CHECK(contains(ended.out, "purged"));
  CHECK(demo_folders() == before);
}

TEST_CASE("a demo that cannot do its job says why, and still stops its cluster") {
  const Demo demo;
  const std::size_t before = demo_folders();
  const TempDir empty;
  const Ended nothing = run({kDemo, empty.path()});
  CHECK(nothing.exit == 1);
  CHECK_MESSAGE(contains(nothing.err, "no text file"), nothing.err);
  CHECK(demo_folders() == before);
}

TEST_CASE("a demo of what is no folder starts nothing") {
  const Demo demo;
  const TempDir empty;
  for (const std::string& folder : {empty.file("nowhere"), demo.folder() + "/a"}) {
    const Ended ended = run({kDemo, folder});
    CHECK(ended.exit == 1);
    CHECK_MESSAGE(contains(ended.err, folder + " is not a folder"), ended.err);
    CHECK(ended.out.empty());
  }
  CHECK(run({kDemo, "--fast"}).exit == 1);
  const Ended help = run({kDemo, "--help"});
  CHECK(help.exit == 0);
  CHECK(contains(help.out, "usage: demo [FOLDER]"));
}

// ./dev in a tree of its own, with stand-ins for what it runs: they print what they were given.
TEST_CASE("./dev demo looks where it was called, and says first what cannot be done") {
  const TempDir tree;
  fs::create_directories(tree.file("client/examples/survey"));
  fs::create_directories(tree.file("tools"));
  fs::create_directories(tree.file("elsewhere/texts"));
  const fs::path source = RH_SOURCE_DIR;
  fs::copy_file(source / "dev", tree.file("dev"));
  const std::string survey = tree.file("client/examples/survey/demo.sh");
  fs::copy_file(kDemo, survey);
  for (const std::string tool : {"cmake", "dpkg-query", "roundhouse", "survey"}) {
    const std::string says = tool == "dpkg-query" ? "echo installed\n" : "";
    write_file(tree.file("tools/" + tool),
               "#!/bin/sh\n" + says + "echo $* >>" + tree.file("ran") + "\n");
    fs::permissions(tree.file("tools/" + tool), fs::perms(0700));
  }
  write_file(tree.file("module.so"), "");
  const ScopedEnv path("PATH", tree.file("tools") + ":" + std::getenv("PATH"));
  const ScopedEnv module("RH_DEMO_MODULE", tree.file("module.so"));
  const auto dev = [&](const std::string& arguments) {
    return run({"sh", "-c", "cd " + tree.file("elsewhere") + " && ../dev demo " + arguments});
  };

  CHECK(contains(dev("--help").out, "usage: demo [FOLDER]"));
  const Ended nowhere = dev("nowhere");
  CHECK(nowhere.exit == 1);
  CHECK_MESSAGE(contains(nowhere.err, "elsewhere/nowhere is not a folder"), nowhere.err);
  CHECK(dev("texts texts").exit == 1);
  CHECK_FALSE(fs::exists(tree.file("ran")));

  const Ended there = dev("texts");
  CHECK_MESSAGE(there.exit == 0, there.err);
  CHECK_MESSAGE(contains(there.out, "$ survey " + tree.file("elsewhere/texts")), there.out);
}

TEST_CASE("a demo that is interrupted stops its cluster") {
  const Demo demo;
  const std::size_t before = demo_folders();
  Command running({kDemo, demo.folder()});
  for (int i = 0; i < 300 && !contains(running.out(), "roundhouse start"); ++i)
    (void)run({"sleep", "0.05"});
  running.send(SIGTERM);
  CHECK(running.wait(std::chrono::seconds{60 * RH_TEST_SLOWDOWN}).exit != 0);
  CHECK(demo_folders() == before);
}

}  // namespace roundhouse::test
