#include "engine/page.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/page_entry.hpp"
#include "shared/check.hpp"

namespace roundhouse::engine {
namespace {

constexpr std::array<char, 8> kMagic{'R', 'H', 'P', 'A', 'G', 'E', '\0', '5'};
constexpr std::size_t kMarkerRoom = 16 * 1024;     // room() beyond one marker per slot
constexpr std::size_t kRewindBytes = 1U << 20U;    // an empty ring that came so far begins anew
constexpr std::size_t kGiveBackBytes = 8U << 20U;  // and gives its memory back beyond this

using Number = std::atomic<std::uint64_t>;
static_assert(Number::is_always_lock_free, "atomics are shared between processes");

struct Slot {
  Number busy;  // written last, and first when it ends
  std::uint64_t number;
  TaskId task;
  Fence fence;
  std::int64_t started_us;
};

struct Header {
  std::array<char, 8> magic;
  std::uint64_t ring_bytes;
  Number epoch;
  Number highest_started;
  Number left_on_purpose;  // 1 + Exit, written after the text
  std::uint64_t farewell_size;
  std::array<char, kFarewellBytesMax> farewell;
  Number loading;  // 1 while the module below is loaded, written after it
  ContentHash module;
  // Bytes ever appended and trimmed; what lies between is in the ring. Nothing when tail > head.
  Number head;
  Number tail;
  std::array<Slot, kSeatsMax> slots;  // by seat: also those that wait for others
  std::array<CommandCell, kCommandCells> commands;
};

std::size_t memory_page() {
  return static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

// Where the cells of what is printed begin, and the ring.
std::size_t printed_at() {
  return rounded(sizeof(Header), memory_page());
}

std::size_t ring_at() {
  return printed_at() + rounded(sizeof(PrintedCells), memory_page());
}

Error os_error(const std::string& what) {
  return {Errc::io_failed, what + ": " + std::strerror(errno)};
}

}  // namespace

struct Page::Map {
  int fd = -1;
  char* base = nullptr;          // all, and the ring once more, so that no entry is ever cut
  std::size_t header_bytes = 0;  // before the ring
  std::size_t ring_bytes = 0;
  std::uint32_t begun = 0;  // by this process, and not ended

  Map() = default;
  Map(const Map&) = delete;
  Map& operator=(const Map&) = delete;

  ~Map() {
    if (base != nullptr) munmap(base, header_bytes + 2 * ring_bytes);
    if (fd >= 0) ::close(fd);
  }

  [[nodiscard]] Header& header() const { return *std::launder(reinterpret_cast<Header*>(base)); }

  [[nodiscard]] char* ring(std::uint64_t position) const {
    return base + header_bytes + position % ring_bytes;
  }

  [[nodiscard]] std::size_t used() const {
    const std::uint64_t head = header().head.load(std::memory_order_acquire);
    const std::uint64_t tail = header().tail.load(std::memory_order_acquire);
    return tail >= head ? 0 : static_cast<std::size_t>(head - tail);
  }

  [[nodiscard]] Result<void> map() {
    const std::size_t all = header_bytes + 2 * ring_bytes;
    void* area = mmap(nullptr, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (area == MAP_FAILED) return os_error("cannot reserve memory for the engine's page");
    base = static_cast<char*>(area);
    const int access = PROT_READ | PROT_WRITE;
    const auto ring_begin = static_cast<off_t>(header_bytes);
    const bool mapped = mmap(base, header_bytes + ring_bytes, access, MAP_SHARED | MAP_FIXED, fd,
                             0) != MAP_FAILED &&
                        mmap(base + header_bytes + ring_bytes, ring_bytes, access,
                             MAP_SHARED | MAP_FIXED, fd, ring_begin) != MAP_FAILED;
    if (!mapped) return os_error("cannot map the engine's page");
    return {};
  }
};

Page::Page(std::unique_ptr<Map> map) : map_(std::move(map)) {}

Page::Page(Page&&) noexcept = default;
Page& Page::operator=(Page&&) noexcept = default;
Page::~Page() = default;

Result<Page> Page::create(std::size_t ring_bytes) {
  auto map = std::make_unique<Map>();
  map->header_bytes = ring_at();
  map->ring_bytes = rounded(std::max(ring_bytes, kRingBytesMin), memory_page());
  map->fd = memfd_create("roundhouse-engine-page", 0);
  if (map->fd < 0) return os_error("cannot create the engine's page");
  if (ftruncate(map->fd, static_cast<off_t>(map->header_bytes + map->ring_bytes)) != 0)
    return os_error("cannot size the engine's page");
  if (auto mapped = map->map(); !mapped) return mapped.error();
  Header* header = ::new (map->base) Header{};
  header->ring_bytes = map->ring_bytes;
  header->magic = kMagic;
  return Page(std::move(map));
}

Result<Page> Page::open(int fd) {
  auto map = std::make_unique<Map>();
  map->fd = fd;
  map->header_bytes = ring_at();
  const off_t size = lseek(fd, 0, SEEK_END);
  if (size < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
    return os_error("no engine's page was given");
  const auto bytes = static_cast<std::size_t>(size);
  if (bytes < map->header_bytes + kRingBytesMin || bytes % memory_page() != 0)
    return Error{Errc::malformed, "what was given is no engine's page"};
  map->ring_bytes = bytes - map->header_bytes;
  if (auto mapped = map->map(); !mapped) return mapped.error();
  const Header& header = map->header();
  if (header.magic != kMagic || header.ring_bytes != map->ring_bytes)
    return Error{Errc::malformed, "the engine's page is of another version"};
  return Page(std::move(map));
}

int Page::fd() const {
  return map_->fd;
}

void Page::begin(std::uint32_t index, const Run& run, std::int64_t started_us) {
  RH_CHECK(index < kSeatsMax);
  Header& header = map_->header();
  Slot& slot = header.slots[index];
  slot.number = run.number;
  slot.task = run.task;
  slot.fence = run.fence;
  slot.started_us = started_us;
  slot.busy.store(1, std::memory_order_release), ++map_->begun;
  if (run.number > header.highest_started.load(std::memory_order_relaxed))
    header.highest_started.store(run.number, std::memory_order_release);
}

void Page::end(std::uint32_t slot) {
  RH_CHECK(slot < kSeatsMax);
  map_->header().slots[slot].busy.store(0, std::memory_order_release);
  --map_->begun;
}

void Page::record(std::uint64_t number, const wire::FinishedRecord& outcome) {
  Header& header = map_->header();
  const std::size_t free = map_->ring_bytes - map_->used();
  std::size_t size = entry_bytes(outcome);
  const bool marker = size > free || free - size < map_->ring_bytes / 16;
  if (marker) size = sizeof(PageEntry);
  RH_CHECK(size <= free);
  const std::uint64_t head = header.head.load(std::memory_order_relaxed);
  write_entry(map_->ring(head), size, number, outcome, marker);
  header.head.store(head + size, std::memory_order_release);
}

void Page::trim(std::uint64_t through) {
  Header& header = map_->header();
  const std::uint64_t head = header.head.load(std::memory_order_relaxed);
  std::uint64_t tail = header.tail.load(std::memory_order_relaxed);
  const std::uint64_t before = tail;
  while (tail < head) {
    PageEntry entry;
    std::memcpy(&entry, map_->ring(tail), sizeof entry);
    if (entry.number > through) break;
    tail += entry.size;
  }
  if (tail != before) header.tail.store(tail, std::memory_order_release);
  const std::size_t reached = head % map_->ring_bytes;
  if (tail < head || reached < kRewindBytes) return;
  // Empty, and far from its start: begin again there, where the memory is warm. The tail goes
  // first, so that the ring is empty all the time.
  const std::uint64_t start = head - reached + map_->ring_bytes;
  header.tail.store(start, std::memory_order_release);
  header.head.store(start, std::memory_order_release);
  if (reached > kGiveBackBytes) {
    const std::size_t keep = rounded(kRewindBytes, memory_page());
    madvise(map_->base + map_->header_bytes + keep, map_->ring_bytes - keep, MADV_REMOVE);
  }
}

bool Page::room() const {
  const std::size_t runs = std::max(kSlotsMax, map_->begun + 1);
  return map_->ring_bytes - map_->used() >= runs * sizeof(PageEntry) + kMarkerRoom;
}

void Page::set_epoch(std::uint64_t epoch) {
  map_->header().epoch.store(epoch, std::memory_order_release);
}

std::uint64_t Page::epoch() const {
  return map_->header().epoch.load(std::memory_order_acquire);
}

std::size_t Page::ring_used() const {
  return map_->used();
}

void Page::write_farewell(const Farewell& farewell) {
  Header& header = map_->header();
  const std::size_t size = std::min(farewell.text.size(), kFarewellBytesMax);
  std::memcpy(header.farewell.data(), farewell.text.data(), size);
  header.farewell_size = size;
  header.left_on_purpose.store(1 + static_cast<std::uint64_t>(farewell.exit),
                               std::memory_order_release);
}

void Page::begin_loading(const ContentHash& build) {
  Header& header = map_->header();
  header.module = build;
  header.loading.store(1, std::memory_order_release);
}

void Page::end_loading() {
  map_->header().loading.store(0, std::memory_order_release);
}

CommandCells Page::commands() const {
  return map_->header().commands;
}

PrintedCells& Page::printed() const {
  return *std::launder(reinterpret_cast<PrintedCells*>(map_->base + printed_at()));
}

ProcessEnded Page::read(const PipeRests& rests) const {
  const Header& header = map_->header();
  ProcessEnded out;
  out.next_number = header.highest_started.load(std::memory_order_acquire) + 1;
  if (header.loading.load(std::memory_order_acquire) == 1) out.loading = header.module;
  const std::uint64_t left = header.left_on_purpose.load(std::memory_order_acquire);
  if (left >= 1 && left <= 1 + static_cast<std::uint64_t>(Exit::overran)) {
    const std::size_t size = std::min<std::size_t>(header.farewell_size, kFarewellBytesMax);
    out.farewell = Farewell{static_cast<Exit>(left - 1), {header.farewell.data(), size}};
  }
  const std::uint64_t tail = header.tail.load(std::memory_order_acquire);
  for (std::uint64_t at = 0, used = map_->used(); used - at >= sizeof(PageEntry);) {
    PageEntry entry;
    std::memcpy(&entry, map_->ring(tail + at), sizeof entry);
    const bool sound =
        entry.size >= sizeof entry && entry.size <= used - at && entry.size % 8 == 0 &&
        entry.ending <= static_cast<std::uint32_t>(wire::Ending::unmet) &&
        (out.outcomes.empty() ? entry.number > 0
                              : entry.number == out.first_outcome + out.outcomes.size());
    if (!sound) break;
    if (out.outcomes.empty()) out.first_outcome = entry.number;
    wire::FinishedRecord record;
    if (!read_outcome(entry, map_->ring(tail + at), record)) break;
    out.outcomes.push_back(std::move(record));
    at += entry.size;
  }
  std::vector<SeatRun> running;
  for (std::uint32_t seat = 0; seat < kSeatsMax; ++seat) {
    const Slot& slot = header.slots[seat];
    if (slot.busy.load(std::memory_order_acquire) == 0) continue;
    out.next_number = std::max(out.next_number, slot.number + 1);
    // Died between recording the outcome and saying that the slot is idle.
    const bool finished =
        std::any_of(out.outcomes.begin(), out.outcomes.end(), [&](const auto& outcome) {
          return outcome.task == slot.task && outcome.fence == slot.fence;
        });
    if (finished) continue;
    running.push_back({seat, {slot.task, slot.fence}});
    out.running.push_back(running.back().run);
  }
  PrintedLast last = printed().read(running, rests);
  out.printed = std::move(last.printed);
  if (last.began) out.output = std::move(last.words);
  return out;
}

}  // namespace roundhouse::engine
