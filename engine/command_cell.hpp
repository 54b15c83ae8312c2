#pragma once

// OS. CommandCell: what others must know of a program that the engine process runs, in memory that
// it shares with its nanny and with the program until that is what it is to be.
//
// The nanny kills the process groups of a dead engine process: end_commands(). Thread rule: a cell
// belongs to the thread that took it.

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include <sys/types.h>

#include "engine/core/run_queue.hpp"

namespace roundhouse::engine {

struct CommandCell {
  static constexpr std::int32_t kFree = 0;
  static constexpr std::int32_t kTaken = -1;  // and no process group yet

  std::atomic<std::int32_t> group{kFree};  // kFree, kTaken, or a process group
  std::atomic<std::int32_t> step{0};       // a CommandStep, when the program could not be run
  std::atomic<std::int32_t> error{0};      // errno of it
};

static_assert(std::atomic<std::int32_t>::is_always_lock_free, "cells are shared by processes");

using CommandCells = std::span<CommandCell>;

// A program on each slot.
inline constexpr std::size_t kCommandCells = kSlotsMax;

// Cells for an engine that has no nanny.
class OwnCommandCells {
 public:
  // Throws Exception (io_failed).
  OwnCommandCells();
  OwnCommandCells(const OwnCommandCells&) = delete;
  OwnCommandCells& operator=(const OwnCommandCells&) = delete;
  ~OwnCommandCells();

  [[nodiscard]] CommandCells cells() const { return cells_; }

 private:
  CommandCells cells_;
};

// Takes a free cell; null when there is none.
[[nodiscard]] CommandCell* take_cell(CommandCells cells);

// Kills what is left of the process groups. Precondition: nobody else uses the cells any more, and
// the caller reaps the leaders of the groups later, so that their numbers still mean them.
void end_commands(CommandCells cells);

}  // namespace roundhouse::engine
