// Any bytes as a connection file: refused with a text or read, never a crash; and what was read is
// written as a file that reads as the same.

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shared/check.hpp"
#include "shared/connection_file.hpp"

namespace {

// A folder of our own, gone when the process ends.
struct Folder {
  std::string path;

  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "rh-fuzz-XXXXXX").string();
    RH_CHECK(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }

  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }

  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
};

void write(const std::string& path, const std::uint8_t* data, std::size_t size) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  file.close();
  std::filesystem::permissions(
      path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  const std::string input = folder.path + "/input.json";
  const std::string output = folder.path + "/output.json";
  write(input, data, size);
  for (const roundhouse::Role role : {roundhouse::Role::client, roundhouse::Role::engine}) {
    const auto read = roundhouse::read_connection_file(input, role);
    if (!read) {
      RH_CHECK(!read.error().text.empty());
      continue;
    }
    RH_CHECK(roundhouse::write_connection_file(output, *read).ok());
    const auto again = roundhouse::read_connection_file(output, role);
    RH_CHECK(again.ok());
    RH_CHECK(*again == *read);
  }
  return 0;
}
