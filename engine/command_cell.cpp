#include "engine/command_cell.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>
#include <string>

#include <sys/mman.h>

#include <roundhouse/error.hpp>

namespace roundhouse::engine {
namespace {

constexpr std::size_t kBytes = kCommandCells * sizeof(CommandCell);

}  // namespace

OwnCommandCells::OwnCommandCells() {
  void* memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    throw Exception(Errc::io_failed, std::string("no memory for commands: ") + strerror(errno));
  cells_ = {::new (memory) CommandCell[kCommandCells]{}, kCommandCells};
}

OwnCommandCells::~OwnCommandCells() {
  munmap(cells_.data(), kBytes);
}

CommandCell* take_cell(CommandCells cells) {
  for (CommandCell& cell : cells) {
    std::int32_t free = CommandCell::kFree;
    if (cell.group.compare_exchange_strong(free, CommandCell::kTaken)) return &cell;
  }
  return nullptr;
}

void end_commands(CommandCells cells) {
  for (CommandCell& cell : cells)
    if (const pid_t group = cell.group.exchange(CommandCell::kFree); group > 0)
      kill(-group, SIGKILL);
}

}  // namespace roundhouse::engine
