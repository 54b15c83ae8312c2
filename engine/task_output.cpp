#include "engine/task_output.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <iostream>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <stdio_ext.h>
#include <unistd.h>

#include "shared/clock.hpp"

namespace roundhouse::engine {
namespace {

constexpr std::uint32_t kNoSlot = 0xffffffff;

thread_local std::uint32_t this_slot = kNoSlot;

// What lies in buffers of this process.
void flush_all() {
  std::cout.flush();
  std::clog.flush();
  std::fflush(stdout);
  std::fflush(stderr);
}

// Before anything is caught: what was written so far belongs to nobody.
std::streambuf* flushed_buffer() {
  flush_all();
  return std::cout.rdbuf();
}

std::vector<wire::Output> parts_of(const wire::RunRef& run, std::uint32_t stream,
                                   std::uint64_t offset, const std::string& text) {
  std::vector<wire::Output> out;
  for (std::size_t at = 0; at < text.size(); at += wire::kOutputBytesMax) {
    wire::Output part;
    part.session = run.task.session, part.sequence = run.task.sequence;
    part.epoch = run.fence.epoch, part.attempt = run.fence.attempt;
    part.stream = stream + 1;
    part.offset = offset + at;
    part.text = text.substr(at, wire::kOutputBytesMax);
    out.push_back(std::move(part));
  }
  return out;
}

void append(std::vector<wire::Output>& out, std::vector<wire::Output>&& parts) {
  std::move(parts.begin(), parts.end(), std::back_inserter(out));
}

}  // namespace

TaskOutput::TaskOutput(const std::array<OutputPipeEnds, 2>& pipes, PrintedCells* cells)
    : synced_(flushed_buffer()),
      own_cells_(cells == nullptr ? std::make_unique<OwnPrintedCells>() : nullptr),
      pipes_{OutputPipe(STDOUT_FILENO, pipes[0]), OutputPipe(STDERR_FILENO, pipes[1])},
      cells_(cells == nullptr ? own_cells_->cells() : *cells),
      thread_([this] { read_all(); }) {}

TaskOutput::~TaskOutput() {
  (void)flush_streams();
  for (OutputPipe& pipe : pipes_) pipe.restore();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.wake();
}

// What lies in buffers of this process; whether there was anything, as far as can be known.
bool TaskOutput::flush_streams() const {
  if (std::cout.rdbuf() == synced_ && __fpending(stdout) == 0 && __fpending(stderr) == 0)
    return false;
  flush_all();
  return true;
}

void TaskOutput::tell(Tell tell) {
  const std::lock_guard telling(telling_);
  const std::lock_guard lock(mutex_);
  tell_ = std::move(tell);
}

void TaskOutput::begin(std::uint32_t slot, TaskId task, Fence fence, TimePoint now) {
  this_slot = slot;
  const std::lock_guard lock(mutex_);
  cells_.begin(slot);
  Task& added = running_.emplace_back();
  added.slot = slot, added.run = {task, fence};
  added.next_tell = now + kTellEvery;
}

void TaskOutput::add(std::uint32_t stream, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  Task* task = find(this_slot);
  if (task == nullptr || stream >= pipes_.size()) return;
  const bool was_empty = task->streams == nullptr || (*task->streams)[stream].untold.empty();
  claim(*task);
  keep(*task, stream, bytes);
  if (was_empty) wake_.wake();  // its time to tell has to be waited for
}

TaskOutput::Ended TaskOutput::end(std::uint32_t slot, Duration duration) {
  const bool flushed = flush_streams();
  this_slot = kNoSlot;
  Ended out;
  std::unique_lock telling(telling_, std::defer_lock);
  std::unique_lock lock(mutex_);
  if (flushed || duration >= kTooShort) drain();
  Task* task = find(slot);
  if (task == nullptr) return out;
  if (task->streams != nullptr) {
    // A part that is on its way belongs before the outcome.
    lock.unlock();
    telling.lock();
    lock.lock();
    task = find(slot);
    out.printed = Slice{Buffer::take(printed_of(*task))};
    for (std::uint32_t i = 0; i < pipes_.size(); ++i) {
      const Kept& kept = (*task->streams)[i];
      // What comes with the outcome need not be told.
      const wire::PrintedStream ends = cells_.stream(slot, i).read();
      if (tell_ && kept.told < ends.total - ends.tail.size() && ends.left_out() > 0)
        append(out.parts, parts_of(task->run, i, kept.told, kept.untold));
    }
  }
  running_.erase(running_.begin() + (task - running_.data()));
  return out;
}

void TaskOutput::keep_whole() {
  const std::lock_guard lock(mutex_);
  if (Task* task = find(this_slot)) task->returns = true;
}

TaskOutput::Text TaskOutput::take_whole() {
  (void)flush_streams();
  const std::lock_guard lock(mutex_);
  drain();
  Task* task = find(this_slot);
  if (task == nullptr || !std::exchange(task->returns, false) || task->streams == nullptr)
    return {};
  const auto take = [](Kept& kept) {
    std::string out = std::move(kept.whole);
    if (kept.beyond_whole > 0)
      out += "\n... (" + std::to_string(kept.beyond_whole) + " more bytes)\n";
    return out;
  };
  return {take((*task->streams)[0]), take((*task->streams)[1])};
}

Slice TaskOutput::so_far(std::uint32_t slot) {
  const std::lock_guard lock(mutex_);
  drain();
  const Task* task = find(slot);
  if (task == nullptr || task->streams == nullptr) return {};
  return Slice{Buffer::take(printed_of(*task))};
}

// Precondition: it has written something.
std::string TaskOutput::printed_of(const Task& task) const {
  return wire::encode_printed(
      {cells_.stream(task.slot, 0).read(), cells_.stream(task.slot, 1).read()});
}

TaskOutput::Task* TaskOutput::find(std::uint32_t slot) {
  const auto found = std::find_if(running_.begin(), running_.end(),
                                  [slot](const Task& task) { return task.slot == slot; });
  return found == running_.end() ? nullptr : &*found;
}

// A child that goes on after its task may have an end of a pipe for ever: that is not waited for.
void TaskOutput::read_all() {
  std::array<bool, 2> over{};
  for (;;) {
    std::optional<TimePoint> until;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) break;
      until = next_due();
    }
    std::array<pollfd, 3> ready{{{over[0] ? -1 : pipes_[0].fd(), POLLIN, 0},
                                 {over[1] ? -1 : pipes_[1].fd(), POLLIN, 0},
                                 {wake_.fd(), POLLIN, 0}}};
    timespec patience{};
    if (until) {
      const Duration left = std::max(Duration{0}, *until - steady_now());
      patience.tv_sec = left.count() / 1'000'000'000;
      patience.tv_nsec = left.count() % 1'000'000'000;
    }
    if (::ppoll(ready.data(), ready.size(), until ? &patience : nullptr, nullptr) < 0 &&
        errno != EINTR)
      return;
    (void)wake_.clear();
    for (std::size_t i = 0; i < over.size(); ++i)
      over[i] = over[i] || (ready[i].revents & (POLLIN | POLLHUP)) == POLLHUP;
    const std::lock_guard telling(telling_);
    std::vector<wire::Output> parts;
    {
      const std::lock_guard lock(mutex_);
      drain();
      parts = due(steady_now());
    }
    if (!parts.empty()) tell_(std::move(parts));
  }
  const std::lock_guard lock(mutex_);
  drain();
}

void TaskOutput::drain() {
  std::array<pollfd, 2> ready{{{pipes_[0].fd(), POLLIN, 0}, {pipes_[1].fd(), POLLIN, 0}}};
  if (::poll(ready.data(), ready.size(), 0) <= 0) return;
  for (std::size_t i = 0; i < pipes_.size(); ++i)
    if ((ready[i].revents & POLLIN) != 0) drain(i);
}

void TaskOutput::drain(std::size_t stream) {
  // Enough for all that a pipe holds; whoever goes on writing is heard in the next turn.
  constexpr std::size_t kTurnMax = std::size_t{1} << 20U;
  OutputPipe& pipe = pipes_[stream];
  for (std::size_t read = 0; read < kTurnMax;) {
    const std::string_view bytes = pipe.look();
    if (bytes.empty()) return;
    read += bytes.size();
    Task* const task = running_.empty() ? nullptr : &running_.back();
    if (task != nullptr) claim(*task);
    const std::uint32_t seat = task == nullptr ? PrintedCells::kIdle : task->slot;
    cells_.begin_keeping(seat, stream);
    const std::uint64_t before = task == nullptr ? 0 : cells_.stream(seat, stream).total();
    if (task == nullptr)
      cells_.append(seat, stream, bytes);
    else
      keep(*task, stream, bytes);
    pipe.take();
    cells_.end_keeping(stream);
    pipe.pass(wire::kLiveBytesMax - std::min<std::uint64_t>(before, wire::kLiveBytesMax));
  }
}

// Before it is kept that the task has written something.
void TaskOutput::claim(Task& task) {
  if (task.streams != nullptr) return;
  cells_.claim(task.slot, task.run);
  task.streams = std::make_unique<std::array<Kept, 2>>();
}

// Precondition: it is claimed.
void TaskOutput::keep(Task& task, std::size_t stream, std::string_view bytes) {
  Kept& kept = (*task.streams)[stream];
  const std::uint64_t before = cells_.stream(task.slot, stream).total();
  cells_.append(task.slot, stream, bytes);
  if (task.returns) {
    const std::string_view first = bytes.substr(0, kWholeBytesMax - kept.whole.size());
    kept.whole += first;
    kept.beyond_whole += bytes.size() - first.size();
  }
  if (before < wire::kLiveBytesMax && tell_)
    kept.untold.append(bytes.substr(0, wire::kLiveBytesMax - before));
}

std::vector<wire::Output> TaskOutput::due(TimePoint now) {
  std::vector<wire::Output> out;
  for (Task& task : running_) {
    if (task.streams == nullptr || task.next_tell > now) continue;
    for (std::uint32_t i = 0; i < pipes_.size(); ++i) {
      Kept& kept = (*task.streams)[i];
      if (kept.untold.empty()) continue;
      append(out, parts_of(task.run, i, kept.told, kept.untold));
      kept.told += kept.untold.size();
      kept.untold.clear();
      task.next_tell = now + kTellEvery;
    }
  }
  return out;
}

std::optional<TimePoint> TaskOutput::next_due() const {
  std::optional<TimePoint> out;
  for (const Task& task : running_)
    if (task.streams != nullptr &&
        !((*task.streams)[0].untold.empty() && (*task.streams)[1].untold.empty()))
      out = out ? std::min(*out, task.next_tell) : task.next_tell;
  return out;
}

}  // namespace roundhouse::engine
