#pragma once

// OS, THREAD. TaskOutput: what tasks write to standard output and standard error, by C++ streams, C
// streams and children: kept for their outcomes, and told while they run.
//
//   TaskOutput output(pipes);                       // the descriptors 1 and 2 lead here now
//   output.tell([](std::vector<wire::Output>&& parts) { ... });
//   output.begin(slot, task, fence, now);           // on the task's thread
//   TaskOutput::Ended ended = output.end(slot, duration);
//
// Descriptors belong to the process. While several tasks run at a time, what is written belongs to
// the one that began last. What is written while none runs only goes where it went before, to which
// everything is passed on as well, so that it is in the nanny's log and its report of a crash: the
// first kLiveBytesMax bytes of each stream of a task.
//
// Thread rule: any thread; begin() and end() of a slot by turns. One at a time in a process.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/output_pipe.hpp"
#include "engine/printed_cells.hpp"
#include "shared/mailbox.hpp"
#include "shared/message.hpp"
#include "shared/printed.hpp"
#include "shared/time.hpp"
#include <roundhouse/buffer.hpp>
#include <roundhouse/ids.hpp>

namespace roundhouse::engine {

class TaskOutput {
 public:
  // A task that has run for so long tells what it wrote, and then so often.
  static constexpr Duration kTellEvery = std::chrono::milliseconds{20};
  // A shorter task cannot have written to a descriptor: that alone takes longer.
  static constexpr Duration kTooShort{150};

  static constexpr std::size_t kWholeBytesMax = std::size_t{1} << 20U;

  // Its parts are as in wire::Output, without the engine's id. Called without a lock.
  using Tell = std::function<void(std::vector<wire::Output>&& parts)>;

  // The ends of the pipes to use for standard output and standard error; those that are -1 are made
  // here. Takes them over. What is kept for outcomes is in `cells`, which outlive this; null: in
  // its own. Throws std::system_error, or Exception (io_failed), when the operating system has no
  // pipes, threads or memory left.
  explicit TaskOutput(const std::array<OutputPipeEnds, 2>& pipes = {},
                      PrintedCells* cells = nullptr);
  TaskOutput(const TaskOutput&) = delete;
  TaskOutput& operator=(const TaskOutput&) = delete;
  // The descriptors lead where they did before.
  ~TaskOutput();

  // Null: nobody is told.
  void tell(Tell tell);

  // This thread runs the task from now on.
  void begin(std::uint32_t slot, TaskId task, Fence fence, TimePoint now);

  // A program that the task of this thread runs has written this. Does nothing outside a task.
  void add(std::uint32_t stream, std::string_view bytes);

  struct Ended {
    Slice printed;                    // encoded; empty when nothing was written
    std::vector<wire::Output> parts;  // to be sent before the outcome
  };

  // The task is over; user code ran for `duration`. Waits for a part of its that is being told.
  [[nodiscard]] Ended end(std::uint32_t slot, Duration duration);

  // The task of this thread returns what it prints: from now on that is kept for it, the first
  // kWholeBytesMax bytes of each stream. Does nothing outside a task.
  void keep_whole();

  struct Text {
    std::string out;
    std::string err;
  };

  // What has been kept so, and a last line that says how much is missing; it is kept no more. Empty
  // outside a task, and before keep_whole().
  [[nodiscard]] Text take_whole();

  // What the task has written so far, encoded. Does not wait for anything.
  [[nodiscard]] Slice so_far(std::uint32_t slot);

 private:
  struct Kept {
    std::string whole;  // the first of it, for a task that returns it
    std::uint64_t beyond_whole = 0;
    std::string untold;
    std::uint64_t told = 0;
  };

  struct Task {
    std::uint32_t slot = 0;
    wire::RunRef run;
    TimePoint next_tell;
    bool returns = false;                          // what it prints
    std::unique_ptr<std::array<Kept, 2>> streams;  // null: it has written nothing
  };

  void read_all();
  [[nodiscard]] bool flush_streams() const;
  // Under the mutex.
  void drain();
  void drain(std::size_t stream);
  void claim(Task& task);
  void keep(Task& task, std::size_t stream, std::string_view bytes);
  [[nodiscard]] std::string printed_of(const Task& task) const;
  [[nodiscard]] Task* find(std::uint32_t slot);
  [[nodiscard]] std::vector<wire::Output> due(TimePoint now);
  [[nodiscard]] std::optional<TimePoint> next_due() const;

  const std::streambuf* const synced_;  // of std::cout, while that has no buffer of its own
  const std::unique_ptr<OwnPrintedCells> own_cells_;
  WakeFd wake_;
  std::array<OutputPipe, kPrintedStreams> pipes_;
  // Held while parts are told: who waits for it holds nothing that telling needs.
  std::mutex telling_;
  std::mutex mutex_;  // of what follows; never held while telling
  PrintedCells& cells_;
  Tell tell_;
  std::vector<Task> running_;  // the last began last
  bool stopping_ = false;
  std::jthread thread_;  // last member: joined before anything it uses is destroyed
};

}  // namespace roundhouse::engine
