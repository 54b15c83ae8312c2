#include "client/module_file.hpp"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

#include "tests/support/temp_dir.hpp"

using namespace roundhouse;
using roundhouse::test::TempDir;

TEST_CASE("a module is read whole, under the hash of its bytes") {
  const TempDir dir;
  const std::string path = dir.file("tasks.so");
  const std::string bytes(wire::kPartBytesMax + 7, 'm');
  std::ofstream(path) << bytes;
  const auto module = client::read_module(path);
  REQUIRE(module.ok());
  CHECK(module->build == content_hash(bytes));
  CHECK(module->name == "tasks.so");
  CHECK(module->size == bytes.size());
  CHECK(module->parts == wire::cut_module(bytes));
}

TEST_CASE("what is no file of a sensible size is not read") {
  const TempDir dir;
  const auto error = [](const std::string& path) { return client::read_module(path).error(); };
  CHECK(error(dir.file("nothing")).code == Errc::unknown_module);
  CHECK(error(dir.file("nothing")).text.find("No such file") != std::string::npos);
  CHECK(error(dir.path()).text.find("no regular file") != std::string::npos);
  CHECK(error("/dev/zero").text.find("no regular file") != std::string::npos);
  std::ofstream(dir.file("empty")).flush();
  CHECK(error(dir.file("empty")).text.find("empty") != std::string::npos);
  std::filesystem::resize_file(dir.file("empty"), wire::kModuleBytesMax + 1);
  CHECK(error(dir.file("empty")).code == Errc::too_large);
}
