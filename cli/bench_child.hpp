// OS. A process that a benchmark runs beside itself. Not thread-safe.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace roundhouse::cli {

class BenchChild {
 public:
  // The program, by its path, and its arguments. Throws Exception (io_failed).
  explicit BenchChild(std::vector<std::string> words);
  BenchChild(const BenchChild&) = delete;
  BenchChild& operator=(const BenchChild&) = delete;
  // Killed and reaped.
  ~BenchChild();

 private:
  pid_t pid_ = -1;
};

}  // namespace roundhouse::cli
