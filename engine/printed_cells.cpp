#include "engine/printed_cells.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include <sys/mman.h>

#include "shared/check.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::engine {
namespace {

constexpr std::size_t kLastWordsBytesMax = 8192;

}  // namespace

void StreamCell::append(std::string_view bytes) {
  std::uint64_t at = total();
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, kPieceBytes);
    if (at < kHeadBytes) {
      piece = piece.substr(0, kHeadBytes - at);
      std::memcpy(head_.data() + at, piece.data(), piece.size());
    } else {
      const std::size_t place = (at - kHeadBytes) % tail_.size();
      piece = piece.substr(0, tail_.size() - place);
      std::memcpy(tail_.data() + place, piece.data(), piece.size());
    }
    bytes.remove_prefix(piece.size());
    total_.store(at += piece.size(), std::memory_order_release);
  }
}

wire::PrintedStream StreamCell::read() const {
  wire::PrintedStream out;
  out.total = total();
  out.head.assign(head_.data(), std::min<std::uint64_t>(out.total, kHeadBytes));
  const std::uint64_t size = std::min<std::uint64_t>(out.total - out.head.size(), kTailBytes);
  if (size == 0) return out;
  const std::size_t place = (out.total - size - kHeadBytes) % tail_.size();
  const std::size_t first = std::min<std::size_t>(size, tail_.size() - place);
  out.tail.assign(tail_.data() + place, first);
  out.tail.append(tail_.data(), size - first);
  return out;
}

void PrintedCells::begin(std::uint32_t seat) {
  RH_CHECK(seat < kSeatsMax);
  const std::uint64_t order = begun_.load(std::memory_order_relaxed) + 1;
  begun_.store(order, std::memory_order_release);
  cells_[seat].order.store(order, std::memory_order_release);
}

void PrintedCells::claim(std::uint32_t seat, const wire::RunRef& run) {
  Cell& cell = cells_[seat];
  cell.owned.store(0, std::memory_order_release);
  for (StreamCell& stream : cell.streams) stream.clear();
  cell.run = run;
  cell.owned.store(1, std::memory_order_release);
}

// What was written before the last task is not what is written now.
void PrintedCells::freshen_idle() {
  Cell& cell = cells_[kIdle];
  const std::uint64_t begun = begun_.load(std::memory_order_acquire);
  if (cell.order.load(std::memory_order_acquire) == begun) return;
  for (StreamCell& stream : cell.streams) stream.clear();
  cell.order.store(begun, std::memory_order_release);
}

void PrintedCells::begin_keeping(std::uint32_t seat, std::size_t stream) {
  if (seat == kIdle) freshen_idle();
  Keeping& keeping = keepings_[stream];
  keeping.seat = seat;
  keeping.before = cells_[seat].streams[stream].total();
  keeping.busy.store(1, std::memory_order_release);
}

void PrintedCells::end_keeping(std::size_t stream) {
  keepings_[stream].busy.store(0, std::memory_order_release);
}

// Outside of a Keeping all that was taken out is counted. Within, what was looked at stands in
// front of the rest, and the cell has grown by what is counted of it.
std::string PrintedCells::uncounted(std::size_t stream, const PipeRest& rest) const {
  const Keeping& keeping = keepings_[stream];
  std::uint64_t counted = rest.taken.size();
  if (keeping.busy.load(std::memory_order_acquire) != 0 && keeping.seat <= kIdle)
    counted = cells_[keeping.seat].streams[stream].total() - keeping.before;
  std::string out = rest.taken + rest.unread;
  return out.erase(0, std::min<std::uint64_t>(counted, out.size()));
}

bool PrintedCells::has_of(const SeatRun& run) const {
  const Cell& cell = cells_[run.seat];
  return cell.owned.load(std::memory_order_acquire) != 0 && cell.run == run.run;
}

PrintedLast PrintedCells::read(std::span<const SeatRun> running, const PipeRests& rests) {
  const auto order_of = [this](const SeatRun& run) { return cells_[run.seat].order.load(); };
  std::vector<SeatRun> by_order(running.begin(), running.end());
  std::ranges::sort(by_order, {}, order_of);
  PrintedLast out;
  out.began = begun_.load(std::memory_order_acquire) > 0;
  for (std::size_t stream = 0; stream < kPrintedStreams; ++stream) {
    const std::string rest = uncounted(stream, rests[stream]);
    if (rest.empty()) continue;
    if (by_order.empty()) {
      freshen_idle();
      append(kIdle, stream, rest);
    } else {
      if (!has_of(by_order.back())) claim(by_order.back().seat, by_order.back().run);
      append(by_order.back().seat, stream, rest);
    }
  }
  const auto printed_in = [this](std::uint32_t seat) {
    return wire::Printed{cells_[seat].streams[0].read(), cells_[seat].streams[1].read()};
  };
  const auto say = [&](const wire::Printed& printed) {
    out.words.append(printed.out.text()).append(printed.err.text());
  };
  for (const SeatRun& run : running)
    out.printed.push_back(has_of(run) ? printed_in(run.seat) : wire::Printed{});
  for (const SeatRun& run : by_order)
    if (has_of(run)) say(printed_in(run.seat));
  if (running.empty() && cells_[kIdle].order == begun_) say(printed_in(kIdle));
  if (out.words.size() > kLastWordsBytesMax)
    out.words.erase(0, out.words.size() - kLastWordsBytesMax);
  return out;
}

OwnPrintedCells::OwnPrintedCells() {
  void* memory = mmap(nullptr, sizeof(PrintedCells), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    throw Exception(Errc::io_failed, std::string("no memory for output: ") + std::strerror(errno));
  cells_ = static_cast<PrintedCells*>(memory);
}

OwnPrintedCells::~OwnPrintedCells() {
  munmap(cells_, sizeof(PrintedCells));
}

}  // namespace roundhouse::engine
