#pragma once

// OS. PrintedCells: what the tasks of an engine process write, in memory that its nanny reads when
// that is dead: of each stream of the task in each seat the beginning and the end, as outcomes have
// them (shared/printed.hpp); and what was written last while none ran.
//
//   cells.begin(seat);                             // the engine process: TaskOutput
//   cells.claim(seat, {task, fence}), cells.append(seat, stream, bytes);
//   PrintedLast last = cells.read(running, rests); // the nanny
//
// Whenever the process is killed, each byte of a pipe is counted once: who reads the pipe says at
// what it is, keeps what it has looked at, and takes it out only then.
// Bounded: sizeof(PrintedCells), whatever is written, and of that only what was written to.
// Thread rule: the writer's calls one at a time; the reader only when the writing process is dead.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/run_queue.hpp"
#include "shared/printed.hpp"
#include "shared/wire.hpp"
#include <roundhouse/ids.hpp>

namespace roundhouse::engine {

// One stream of one task: its beginning, and its end in a ring.
class StreamCell {
 public:
  void clear() { total_.store(0, std::memory_order_release); }

  void append(std::string_view bytes);

  [[nodiscard]] std::uint64_t total() const { return total_.load(std::memory_order_acquire); }

  [[nodiscard]] wire::PrintedStream read() const;

 private:
  static constexpr std::size_t kHeadBytes = wire::kPrintedBytesMax - wire::kPrintedBytesMax / 2;
  static constexpr std::size_t kTailBytes = wire::kPrintedBytesMax / 2;
  // What is being written is not where the present end is.
  static constexpr std::size_t kPieceBytes = 4096;

  std::atomic<std::uint64_t> total_{0};  // bytes ever appended, told after each piece
  std::array<char, kHeadBytes> head_;
  std::array<char, kTailBytes + kPieceBytes> tail_;
};

// What a pipe held when its process died: what had been taken out of it and was on its way to the
// log, and what had not.
struct PipeRest {
  std::string taken;
  std::string unread;
};

inline constexpr std::size_t kPrintedStreams = 2;  // standard output, standard error

using PipeRests = std::array<PipeRest, kPrintedStreams>;

// What ran in a seat when the process died.
struct SeatRun {
  std::uint32_t seat = 0;
  wire::RunRef run;
};

struct PrintedLast {
  std::vector<wire::Printed> printed;  // of each run, in order
  std::string words;   // by what ran, the last of it; when nothing ran, since something did
  bool began = false;  // whether any task ever did
};

class PrintedCells {
 public:
  // Memory that is all zero is one.
  PrintedCells() = delete;

  // In the place of a seat: no task.
  static constexpr std::uint32_t kIdle = kSeatsMax;

  // A task begins in this seat. Precondition: seat < kSeatsMax.
  void begin(std::uint32_t seat);

  // It writes for the first time: what the seat's cell had before is gone.
  void claim(std::uint32_t seat, const wire::RunRef& run);

  void append(std::uint32_t seat, std::size_t stream, std::string_view bytes) {
    cells_[seat].streams[stream].append(bytes);
  }

  [[nodiscard]] const StreamCell& stream(std::uint32_t seat, std::size_t stream) const {
    return cells_[seat].streams[stream];
  }

  // What is appended next was looked at in the pipe of this stream, and has left that at the end.
  void begin_keeping(std::uint32_t seat, std::size_t stream);
  void end_keeping(std::size_t stream);

  // With what stood in the pipes, which belongs to the run that began last. Believes nothing.
  [[nodiscard]] PrintedLast read(std::span<const SeatRun> running, const PipeRests& rests);

 private:
  struct Cell {
    std::atomic<std::uint64_t> order{0};  // of the seat's last task; of the last before kIdle
    std::atomic<std::uint64_t> owned{0};  // 1: what is here is of the run below
    wire::RunRef run;
    std::array<StreamCell, kPrintedStreams> streams;
  };

  struct Keeping {
    std::atomic<std::uint64_t> busy{0};  // written last, and first when it ends
    std::uint32_t seat = 0;
    std::uint64_t before = 0;  // what the cell had of it
  };

  void freshen_idle();
  // Of what a pipe held, what is in no cell.
  [[nodiscard]] std::string uncounted(std::size_t stream, const PipeRest& rest) const;
  [[nodiscard]] bool has_of(const SeatRun& run) const;

  std::atomic<std::uint64_t> begun_{0};  // tasks
  std::array<Keeping, kPrintedStreams> keepings_;
  std::array<Cell, kSeatsMax + 1> cells_;  // by seat; the last: of no task
};

// Cells for an engine that has no nanny.
class OwnPrintedCells {
 public:
  // Throws Exception (io_failed).
  OwnPrintedCells();
  OwnPrintedCells(const OwnPrintedCells&) = delete;
  OwnPrintedCells& operator=(const OwnPrintedCells&) = delete;
  ~OwnPrintedCells();

  [[nodiscard]] PrintedCells& cells() const { return *cells_; }

 private:
  PrintedCells* cells_;
};

}  // namespace roundhouse::engine
