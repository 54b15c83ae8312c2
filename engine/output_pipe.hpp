#pragma once

// OS. OutputPipe: what this process writes to one descriptor, read here and passed on to where it
// would have gone.
//
//   OutputPipe pipe(STDOUT_FILENO);                    // the descriptor leads into the pipe now
//   while (!(bytes = pipe.look()).empty()) pipe.pass(bytes.size());
//
// Bytes leave the pipe for a second one, and that for where they go, by splice(2): whenever the
// process dies, they are in one of the three, and whoever holds other ends of the two finds them.
// Thread rule: none of its own.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "shared/fd.hpp"
#include "shared/time.hpp"

namespace roundhouse::engine {

// The ends of both pipes; those that are -1 are made.
struct OutputPipeEnds {
  int read = -1;
  int write = -1;
  int taken_read = -1;
  int taken_write = -1;
  friend bool operator==(const OutputPipeEnds&, const OutputPipeEnds&) = default;
};

class OutputPipe {
 public:
  // When the descriptor led to a pipe that is full, its reader has so long to go on. Then it is
  // taken for one that does not read: what follows is dropped, and a line says later how much.
  static constexpr Duration kPatience = std::chrono::seconds{1};

  // Takes the ends over. Throws std::system_error when the operating system has no pipes left.
  explicit OutputPipe(int fd, OutputPipeEnds ends = {});
  OutputPipe(const OutputPipe&) = delete;
  OutputPipe& operator=(const OutputPipe&) = delete;

  ~OutputPipe() { restore(); }

  // The descriptor leads where it did before. What is in the pipe stays there.
  void restore();

  // Readable when look() has something to give, or nobody can write any more.
  [[nodiscard]] int fd() const { return read_.get(); }

  // The next bytes; they stay in the pipe, and valid until the next call. Empty when there are
  // none. Never waits. Each look() that gave some is followed by one pass().
  [[nodiscard]] std::string_view look();

  // What look() has given leaves the pipe for the second one: if that is not done before pass(), it
  // is done there. So who keeps it can say that it is kept before it goes on, which may take long.
  void take();

  // Passes on the first `size` bytes that look() has given, and drops the others.
  void pass(std::size_t size);

 private:
  // False: this one is not waited for.
  [[nodiscard]] bool wait_for_reader() const;
  // So many are to come next; they are missed, too, when it cannot be told.
  void tell_missed(std::size_t next);
  // Bytes go on from the second pipe.
  void forward(std::size_t size);
  // Bytes are read from there; where to, unless -1.
  static void take_out(int from, std::size_t size, int to);

  int redirected_;  // -1: no more
  Fd before_;       // where it led
  Fd read_;
  Fd taken_read_;
  Fd taken_write_;
  Fd copy_read_;
  Fd copy_write_;
  std::array<char, 16384> bytes_{};
  std::size_t looked_at_ = 0;
  std::size_t taken_ = 0;     // of that
  std::uint64_t missed_ = 0;  // by who does not read
};

}  // namespace roundhouse::engine
