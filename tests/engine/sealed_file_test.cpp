#include "engine/sealed_file.hpp"

#include <fstream>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "shared/module_messages.hpp"

using namespace roundhouse;
using engine::SealedFile;

TEST_CASE("a sealed file has the bytes, and nobody can change them") {
  const std::string bytes(3000, 's');
  const auto file = SealedFile::make(wire::cut_module(bytes), content_hash(bytes), "tasks.so");
  REQUIRE(file.ok());
  CHECK(file->bytes() == bytes);
  std::ifstream in(file->path());
  CHECK(std::string(std::istreambuf_iterator<char>(in), {}) == bytes);
  const int fd = ::open(file->path().c_str(), O_RDWR | O_CLOEXEC);
  if (fd >= 0) {
    CHECK(::write(fd, "x", 1) < 0);
    CHECK(::ftruncate(fd, 0) != 0);
    ::close(fd);
  }
}

TEST_CASE("bytes of another build are refused") {
  const auto file = SealedFile::make(wire::cut_module("these"), content_hash("those"), "tasks.so");
  REQUIRE_FALSE(file.ok());
  CHECK(file.error().code == Errc::malformed);
}
