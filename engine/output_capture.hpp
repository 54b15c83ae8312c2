#pragma once

// OS, THREAD. OutputCapture: what this process prints while it lives, on the descriptors of
// standard output and standard error: by C++ streams, C streams, and children.
//
// It is passed on to where it would have gone, too, so that it is not lost in a crash. Beyond a
// bound it is read and thrown away. Thread rule: one at a time in a process, used by one thread;
// what other threads print meanwhile is caught with the rest.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>

#include "shared/fd.hpp"

namespace roundhouse::engine {

class OutputCapture {
 public:
  static constexpr std::size_t kBytesMax = std::size_t{1} << 20U;  // of each stream

  // Throws std::system_error when the operating system has no pipes or threads left.
  OutputCapture();
  OutputCapture(const OutputCapture&) = delete;
  OutputCapture& operator=(const OutputCapture&) = delete;
  ~OutputCapture();

  struct Text {
    std::string out;
    std::string err;
  };

  // Ends it. What is longer than kBytesMax ends in a line that says how much is missing.
  [[nodiscard]] Text finish();

 private:
  struct Stream {
    Fd before;  // where it went
    Fd read;
    std::string text;
    std::uint64_t missing = 0;
    bool over = false;  // nobody can write to it any more
  };

  void redirect(Stream& stream, int fd);
  void end();
  void read_all();
  static void drain(Stream& stream);

  std::array<Stream, 2> streams_;
  Fd stop_;
  bool ended_ = false;
  std::jthread thread_;  // last member: joined before anything it uses is destroyed
};

}  // namespace roundhouse::engine
