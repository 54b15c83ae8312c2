// The text that code begins with, compiled beforehand.
#include <filesystem>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "tests/engine/interpreter/with_interpreter.hpp"
#include "tests/support/temp_dir.hpp"

namespace roundhouse::engine {

namespace {

constexpr const char* kFile = "roundhouse-interpreter-O0.pch";

bool is_mapped(const std::string& file) {
  return test::contains(test::read_file("/proc/self/maps"), file);
}

// An interpreter of a library in this folder.
std::unique_ptr<Interpreter> interpreter_in(const std::string& folder) {
  const std::string library = folder + "/libroundhouse-interpreter.so";
  std::filesystem::copy_file(RH_TEST_INTERPRETER, library);
  std::string error;
  InterpreterLibrary loaded(library);
  auto out = loaded.make(interpreters_host().data(), interpreters_host(), error);
  CHECK_MESSAGE(out != nullptr, error);
  return out;
}

}  // namespace

TEST_CASE("what code begins with is read as the build has compiled it") {
  RH_NEEDS_INTERPRETER();
  CHECK(value_of(fresh_interpreter(), "std::vector{1, 2}") == "{1, 2}");
  CHECK_MESSAGE(is_mapped(kFile), "of other headers? Remove lib/roundhouse-interpreter-*.pch");
}

TEST_CASE("where that is missing, or cannot be used, its text is compiled") {
  RH_NEEDS_INTERPRETER();
  const std::string built = std::filesystem::path(RH_TEST_INTERPRETER).parent_path() / kFile;
  const std::string whole = test::read_file(built);
  REQUIRE(whole.size() > 1000);
  for (const std::string& content :
       {std::string(), std::string("nonsense"), whole.substr(0, whole.size() / 2)}) {
    CAPTURE(content.size());
    const test::TempDir folder;
    if (!content.empty()) test::write_file(folder.file(kFile), content);
    const auto interpreter = interpreter_in(folder.file(""));
    REQUIRE(interpreter != nullptr);
    CHECK_FALSE(is_mapped(folder.file(kFile)));
    CHECK(value_of(*interpreter, "double log = 2; std::vector{log, std::sqrt(log)}.size()") == "2");
  }
}

}  // namespace roundhouse::engine
