#include "shared/connection_file.hpp"

#include <filesystem>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/support/temp_dir.hpp"
#include <roundhouse/version.hpp>

namespace roundhouse {

using test::contains;
using test::TempDir;

namespace {

ConnectionInfo example() {
  ConnectionInfo info;
  info.cluster = "lab";
  info.role = Role::engine;
  info.endpoints = {"ipc:///run/t.ipc", "ipc:///run/c.ipc", "tcp://127.0.0.1:7000"};
  info.protocol_major = kProtocolMajor;
  info.protocol_minor = kProtocolMinor;
  info.library_version = kVersion;
  info.hub_pid = 4711;
  info.hub_host = "lathe";
  info.database = "/home/x/\"y\".db";
  return info;
}

// A file with these contents, private as a connection file must be.
std::string put(const TempDir& dir, std::string_view text) {
  const std::string path = dir.file("engine.json");
  test::write_file(path, text);
  REQUIRE(chmod(path.c_str(), 0600) == 0);
  return path;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a connection file reads back as it was written, with and without keys") {
  const TempDir dir;
  const std::string path = dir.file("engine.json");
  ConnectionInfo info = example();
  REQUIRE(write_connection_file(path, info).ok());
  CHECK(read_connection_file(path, Role::engine).or_throw() == info);
  info.curve = CurveKeys{"hub", "own", "secret"};
  REQUIRE(write_connection_file(path, info).ok());
  CHECK(read_connection_file(path, Role::engine).or_throw() == info);
}

TEST_CASE("a connection file is for its owner alone, and nothing else is left beside it") {
  const TempDir dir;
  const std::string path = dir.file("engine.json");
  const mode_t before = umask(0);
  REQUIRE(write_connection_file(path, example()).ok());
  umask(before);

  struct stat info {};

  REQUIRE(stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(dir.path()))
    ++files;
  CHECK(files == 1);
}

TEST_CASE("without a file no hub is running, and the error says how to start one") {
  const TempDir dir;
  const auto missing = read_connection_file(dir.file("none/client.json"), Role::client);
  CHECK(missing.error().code == Errc::not_connected);
  CHECK(contains(missing.error().text, "no hub is running"));
  CHECK(contains(missing.error().text, "`roundhouse start`"));
}

TEST_CASE("a connection file that others can read is refused, with the cure") {
  const TempDir dir;
  const std::string path = dir.file("engine.json");
  REQUIRE(write_connection_file(path, example()).ok());
  REQUIRE(chmod(path.c_str(), 0640) == 0);
  const auto refused = read_connection_file(path, Role::engine);
  CHECK(refused.error().code == Errc::permission);
  CHECK(contains(refused.error().text, "chmod 600 " + path));
  if (geteuid() != 0) return;  // only root can give a file away
  REQUIRE(chmod(path.c_str(), 0600) == 0);
  REQUIRE(chown(path.c_str(), 12345, 12345) == 0);
  CHECK(contains(read_connection_file(path, Role::engine).error().text, "uid 12345"));
}

TEST_CASE("a client's file is no use to an engine") {
  const TempDir dir;
  const std::string path = dir.file("engine.json");
  REQUIRE(write_connection_file(path, example()).ok());
  const auto refused = read_connection_file(path, Role::client);
  CHECK(refused.error().code == Errc::malformed);
  CHECK(contains(refused.error().text, "use client.json"));
}

TEST_CASE("a hub of another major version is named, whatever else its file holds") {
  const TempDir dir;
  REQUIRE(write_connection_file(dir.file("a"), example()).ok());
  const std::string text = test::read_file(dir.file("a"));
  const std::string other = replaced(text, "\"major\": 1", "\"major\": 2");
  const auto refused =
      read_connection_file(put(dir, replaced(other, "\"endpoints\"", "\"x\"")), Role::engine);
  CHECK(refused.error().code == Errc::version);
  CHECK(contains(refused.error().text, "protocol 2"));
  const std::string minor = replaced(text, "\"minor\": 0", "\"minor\": 1");
  CHECK(read_connection_file(put(dir, minor), Role::engine)->protocol_minor == 1);
}

TEST_CASE("anything else in its place is refused and never crashes") {
  const TempDir dir;
  REQUIRE(write_connection_file(dir.file("a"), example()).ok());
  const std::string text = test::read_file(dir.file("a"));
  const auto code_of = [&](std::string_view contents) {
    return read_connection_file(put(dir, contents), Role::engine).error().code;
  };
  for (const char* garbage :
       {"", "{}", "[]", "null", "3", "{\"kind\": 3}", "\xff\xfe", "{\"kind\""}) {
    CAPTURE(garbage);
    CHECK(code_of(garbage) == Errc::malformed);
  }
  CHECK(code_of(std::string(kConnectionFileBytesMax + 1, ' ')) == Errc::malformed);
  CHECK(code_of(std::string(kConnectionFileBytesMax, '[')) == Errc::malformed);
  CHECK(code_of(replaced(text, "\"task\"", "\"tusk\"")) == Errc::malformed);
  CHECK(code_of(replaced(text, "4711", "\"4711\"")) == Errc::malformed);
  for (std::size_t size = 0; size + 2 < text.size(); ++size) {
    CHECK(code_of(text.substr(0, size)) == Errc::malformed);
  }
  CHECK(read_connection_file(dir.path(), Role::engine).error().code == Errc::malformed);
}

TEST_CASE("a file that cannot be written is an error and leaves the old one") {
  const TempDir dir;
  CHECK(write_connection_file(dir.file("none/x.json"), example()).error().code == Errc::io_failed);
  REQUIRE(mkdir(dir.file("taken").c_str(), 0700) == 0);
  CHECK(!write_connection_file(dir.file("taken"), example()));
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(dir.path()))
    ++files;
  CHECK(files == 1);
}

}  // namespace roundhouse
