// The programs of a cluster in a folder of their own, with nothing beside it: no interpreter is
// found from there, as where the package is not installed.
#pragma once

#include <filesystem>
#include <string>

#include "tests/support/roundhouse_command.hpp"
#include "tests/support/temp_dir.hpp"

namespace roundhouse::test {

class ProgramsAlone {
 public:
  ProgramsAlone() {
    std::filesystem::create_directory(dir_.file("bin"));
    for (const std::string name : {"roundhouse", "roundhouse-hub", "roundhouse-engine"})
      std::filesystem::copy_file(kBin + "/" + name, dir_.file("bin/" + name));
  }

  [[nodiscard]] std::string folder() const { return dir_.file("bin"); }

 private:
  TempDir dir_;
};

}  // namespace roundhouse::test
