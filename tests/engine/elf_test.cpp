#include "engine/elf.hpp"

#include <fstream>
#include <string>

#include <elf.h>

#include <doctest/doctest.h>

using roundhouse::engine::check_shared_library;

namespace {

std::string sample() {
  std::ifstream file(RH_BINARY_DIR "/lib/shipped/no_module.so", std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  REQUIRE(bytes.size() > 1000);
  return bytes;
}

std::string problem(std::string_view bytes) {
  const auto checked = check_shared_library(bytes);
  return checked ? std::string() : checked.error().text;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a shared library is one, also with something behind it") {
  CHECK(problem(sample()).empty());
  CHECK(problem(sample() + "and more").empty());
}

TEST_CASE("a library that was cut short anywhere is none") {
  const std::string bytes = sample();
  for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 16)
    CHECK_FALSE(problem(std::string_view(bytes).substr(0, size)).empty());
  CHECK(contains(problem(std::string_view(bytes).substr(0, bytes.size() - 1)), "is cut short"));
}

TEST_CASE("other files are told what they are not") {
  CHECK(contains(problem(""), "no ELF file"));
  CHECK(contains(problem("#!/bin/sh\n"), "no ELF file"));
  std::string bytes = sample();
  bytes[EI_CLASS] = bytes[EI_CLASS] == ELFCLASS64 ? ELFCLASS32 : ELFCLASS64;
  CHECK(contains(problem(bytes), "another architecture"));
  bytes = sample();
  bytes[18] = EM_S390, bytes[19] = 0;
  CHECK(contains(problem(bytes), "is for s390x"));
  bytes = sample();
  bytes[16] = ET_REL, bytes[17] = 0;
  CHECK(contains(problem(bytes), "no shared library"));
}

TEST_CASE("whatever the headers claim, nothing beyond the bytes is read") {
  const std::string good = sample();
  for (std::size_t at = 0; at < 600; ++at) {
    for (const char value : {'\x00', '\x7f', '\xff'}) {
      std::string bytes = good;
      bytes[at] = value;
      static_cast<void>(check_shared_library(bytes));
    }
  }
}
