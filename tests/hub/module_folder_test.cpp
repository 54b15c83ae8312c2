#include "hub/module_folder.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <sys/stat.h>

#include <doctest/doctest.h>

#include "shared/module_messages.hpp"
#include "tests/support/temp_dir.hpp"

using namespace roundhouse;
using hub::ModuleFolder;
using roundhouse::test::TempDir;
namespace fs = std::filesystem;

TEST_CASE("a module is written, read in parts, and removed") {
  const TempDir dir;
  ModuleFolder folder(dir.file("modules"), true);
  const std::string bytes(2 * wire::kPartBytesMax + 9, 'm');
  const ContentHash build = content_hash(bytes);
  CHECK_FALSE(folder.read(build).ok());
  folder.write(build, wire::cut_module(bytes));
  folder.write(build, {});  // it is there
  const auto parts = folder.read(build);
  REQUIRE(parts.ok());
  CHECK(*parts == wire::cut_module(bytes));

  struct stat status {};

  REQUIRE(::stat(dir.file("modules").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0700U);
  folder.remove(build);
  folder.remove(build);
  CHECK_FALSE(folder.read(build).ok());
}

TEST_CASE("a file that was changed is not what it is named for") {
  const TempDir dir;
  ModuleFolder folder(dir.path(), false);
  const ContentHash build = content_hash("bytes");
  folder.write(build, wire::cut_module("bytes"));
  std::ofstream(dir.file(to_string(build) + ".so"), std::ios::app) << "!";
  const auto parts = folder.read(build);
  REQUIRE_FALSE(parts.ok());
  CHECK(parts.error().code == Errc::store_failed);
  CHECK(parts.error().text.find("it was changed") != std::string::npos);
}

TEST_CASE("what nobody knows is swept, and so is what was not finished") {
  const TempDir dir;
  ModuleFolder folder(dir.path(), false);
  const ContentHash known = content_hash("known");
  const ContentHash unknown = content_hash("unknown");
  folder.write(known, wire::cut_module("known"));
  folder.write(unknown, wire::cut_module("unknown"));
  std::ofstream(dir.file(to_string(known) + ".so.part")) << "half";
  std::ofstream(dir.file("readme")) << "not ours";
  folder.sweep([&](const ContentHash& build) { return build == known; });
  CHECK(folder.read(known).ok());
  CHECK_FALSE(folder.read(unknown).ok());
  CHECK_FALSE(fs::exists(dir.file(to_string(known) + ".so.part")));
  CHECK(fs::exists(dir.file("readme")));
}
