#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "tests/support/command.hpp"
#include "tests/support/temp_dir.hpp"

namespace roundhouse::test {

namespace {

namespace fs = std::filesystem;

const std::string kBin = std::string(RH_BINARY_DIR) + "/bin";
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
  CHECK(contains(ended.out, "1 binary files: left out"));
  CHECK(contains(ended.out, "3 of 3 files"));
  CHECK(contains(ended.out, "engines"));
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
  const Ended nowhere = run({kDemo, empty.file("nowhere")});
  CHECK(nowhere.exit == 1);
  CHECK_MESSAGE(contains(nowhere.err, "is not a folder"), nowhere.err);
  CHECK(demo_folders() == before);
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
