#pragma once

// OS. Page: memory that an engine process shares with its nanny, so that after a SIGKILL between
// any two instructions the nanny still knows what ran, what had finished, and what never began.
//
// Layout, all in one memfd:
//   header     magic, version, sizes; epoch of the hub last seen; the highest number started; why
//              the process ended, if on purpose; the module that is being loaded
//   slots      kSeatsMax entries: the task in each seat, also one that waits for others
//   commands   the external programs that run (command_cell.hpp)
//   printed    what the tasks in the seats write (printed_cells.hpp); sparse until used
//   ring       outcomes that the hub has not confirmed, oldest first; sparse until used
//
// An outcome lies in the ring as its fields, its body and its frames: writing one is a memcpy. One
// that does not fit, because it is larger than the ring or the ring is too full, leaves a marker
// with its number and task instead; if the process then dies before the hub has the outcome, the
// nanny delivers `engine_lost` under that number. The last sixteenth of the ring is for markers.
//
// Every change is published by one store after everything that it speaks of: a reader of a dead
// process sees all of it or nothing. Thread rule: the writer's calls one at a time (the shell's
// lease); the reader only when the writing process is dead.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/command_cell.hpp"
#include "engine/core/nanny_core.hpp"
#include "engine/core/outbox.hpp"
#include "engine/core/run_queue.hpp"
#include "engine/printed_cells.hpp"
#include "shared/content_hash.hpp"
#include "shared/records.hpp"
#include <roundhouse/result.hpp>

namespace roundhouse::engine {

inline constexpr std::size_t kRingBytesDefault = 64U << 20U;
inline constexpr std::size_t kRingBytesMin = 64U << 10U;
inline constexpr std::size_t kFarewellBytesMax = 1024;  // a longer text is cut

class Page {
 public:
  // A fresh page; `ring_bytes` is rounded up to whole pages of memory. Fails with io_failed.
  static Result<Page> create(std::size_t ring_bytes = kRingBytesDefault);
  // The page behind an inherited descriptor, which is then closed on exec. Fails with io_failed, or
  // malformed when it is no page of this version.
  static Result<Page> open(int fd);

  Page(Page&&) noexcept;
  Page& operator=(Page&&) noexcept;
  ~Page();

  // Belongs to the page. Not closed on exec after create(), so that a child can inherit it.
  [[nodiscard]] int fd() const;

  // The writer: the engine process.

  // The slot is about to run this. Precondition: slot < kSeatsMax.
  void begin(std::uint32_t slot, const Run& run, std::int64_t started_us);
  // The outcome of a run: before end() of its slot, and before it is sent. Precondition: numbers
  // are dense and room() holds.
  void record(std::uint64_t number, const wire::FinishedRecord& outcome);
  void end(std::uint32_t slot);
  // The hub has stored the outcomes up to this.
  void trim(std::uint64_t through);
  // A few more outcomes can be recorded, as markers at least. Begin nothing new without.
  [[nodiscard]] bool room() const;
  void set_epoch(std::uint64_t epoch);
  // The process ends on purpose.
  void write_farewell(const Farewell& farewell);
  // A module that a client shipped is about to be loaded, and has been: one at a time, by any one
  // thread, whatever the writer does meanwhile.
  void begin_loading(const ContentHash& build);
  void end_loading();
  // Programs that tasks run: any thread.
  [[nodiscard]] CommandCells commands() const;
  // What tasks write: TaskOutput's.
  [[nodiscard]] PrintedCells& printed() const;

  // The reader: the nanny.

  // What the dead process left, with what stood in the pipes of its tasks, which is kept now.
  // `signal` and `exit_code` are the caller's to fill in, and `output` if no task ever began.
  // Damage (by a task that wrote where it should not) ends the list of outcomes at the last sound
  // one.
  [[nodiscard]] ProcessEnded read(const PipeRests& rests = {}) const;
  [[nodiscard]] std::uint64_t epoch() const;

  [[nodiscard]] std::size_t ring_used() const;

 private:
  struct Map;

  explicit Page(std::unique_ptr<Map> map);

  std::unique_ptr<Map> map_;
};

}  // namespace roundhouse::engine
