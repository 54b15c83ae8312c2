#pragma once

// OS. Process: the engine process as its nanny sees it: started, listened to, killed, reaped.
//
// It inherits the page and a pipe on which it says `ready`; its standard error comes here, is
// passed on to ours, and the last of it is kept. It dies with the thread that started it. It leads
// a process group: what its tasks start is in that, unless it leaves, and ends with it. Thread
// rule: one thread, which must outlive the process.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "engine/output_pipe.hpp"
#include "engine/printed_cells.hpp"
#include <roundhouse/ids.hpp>
#include <roundhouse/result.hpp>

namespace roundhouse::engine {

inline constexpr std::size_t kOutputKeptBytes = 8192;

// What the nanny tells the process that it starts, in one argument.
struct Inheritance {
  int page_fd = -1;
  int ready_fd = -1;
  // Pipes for what tasks write to standard output and standard error. What is in them when the
  // process dies is read by its nanny.
  std::array<OutputPipeEnds, 2> pipes{};
  std::int64_t nanny_pid = 0;
  Uuid uuid;
  std::uint32_t incarnation = 1;
  std::uint64_t epoch = 0;  // of the hub last seen
  friend bool operator==(const Inheritance&, const Inheritance&) = default;
};

// The flag that makes roundhouse-engine the engine process instead of its nanny.
inline constexpr const char* kInheritFlag = "--inherit";

[[nodiscard]] std::string to_text(const Inheritance& inheritance);
[[nodiscard]] std::optional<Inheritance> parse_inheritance(std::string_view text);

// For the engine process, first thing: has it killed when its nanny dies. False when the nanny is
// dead already.
[[nodiscard]] bool die_with_nanny(std::int64_t nanny_pid);

struct ExitStatus {
  std::int32_t signal = 0;  // 0: it exited
  std::int32_t code = 0;
};

class Process {
 public:
  // Runs `program` with these arguments (the first is the name) and --inherit. `page_fd` must not
  // be closed on exec; of `inheritance` the descriptors are filled in here. Fails with
  // io_failed when there is no process to be had; a program that cannot be run exits with 127.
  static Result<Process> start(const std::string& program, std::vector<std::string> arguments,
                               Inheritance inheritance, int page_fd);
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  // Kills and reaps it when it is still there.
  ~Process();

  void send_signal(int signal) const;
  // The status once it has ended, and what was left of its group was killed; never waits.
  [[nodiscard]] std::optional<ExitStatus> poll_exit();

  // Readable when it wrote to its standard error, or closed it.
  [[nodiscard]] int output_fd() const { return output_; }

  // Reads what is there, passes it on to standard error, keeps the last of it. After the end of the
  // output its descriptor is -1.
  void pump_output();

  // The same, when it is dead, with what its tasks had printed last, which is returned. A child of
  // theirs that goes on printing is not waited for.
  [[nodiscard]] PipeRests pump_rest();

  [[nodiscard]] const std::string& output() const { return kept_; }

  // Readable when it has become ready, or ended.
  [[nodiscard]] int ready_fd() const { return ready_; }

  // True once, when it said that it is ready.
  [[nodiscard]] bool take_ready();

  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  Process(pid_t pid, int output, int ready, std::array<int, 4> rest)
      : pid_(pid), output_(output), ready_(ready), rest_(rest) {}

  [[nodiscard]] ExitStatus reap();
  void pump(int& fd);
  void pass_on(std::string_view bytes);
  [[nodiscard]] std::string pump_now(int fd);

  pid_t pid_ = -1;  // -1: moved from, or reaped
  int output_ = -1;
  int ready_ = -1;
  std::array<int, 4> rest_{-1, -1, -1, -1};  // of the pipes of tasks, to read
  std::string kept_;
};

}  // namespace roundhouse::engine
