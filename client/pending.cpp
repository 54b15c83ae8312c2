#include <algorithm>
#include <stdexcept>
#include <thread>

#include "client/send_tracker.hpp"
#include "client/shell.hpp"
#include "client/slab.hpp"
#include "shared/clock.hpp"
#include <roundhouse/async_result.hpp>
#include <roundhouse/pending.hpp>

namespace roundhouse {

namespace detail {
namespace {

// How long a released buffer may take to be noticed: nobody tells when ZeroMQ lets go of it.
constexpr std::chrono::microseconds kSentPause{500};

ResultBytes bytes_of(const Slot& slot) {
  const Payload& payload = slot.payload;
  if (payload.spill > 0) {
    Buffer joined = Buffer::take(payload.body());
    const std::string_view body = joined.view();
    return {std::move(joined), body, payload.frames, payload.spill};
  }
  return {payload.block, payload.head(), payload.frames, 0};
}

RemoteErrorInfo error_of(const Slot& slot, std::string msg_id) {
  wire::ErrorValue value = wire::decode_error(slot.payload.body());
  RemoteErrorInfo out{std::move(value.name), std::move(value.value), std::move(value.traceback),
                      std::nullopt, std::move(msg_id)};
  if (slot.engine) out.engine_id = slot.engine->value;
  return out;
}

}  // namespace

Pending::Pending(std::shared_ptr<Shell> shell, Slot* head, std::uint64_t first, std::size_t count)
    : shell_(std::move(shell)), head_(head), first_(first), count_(count) {}

Pending::Pending(const Pending& other)
    : shell_(other.shell_),
      head_(other.head_),
      first_(other.first_),
      count_(other.count_),
      tracker_(other.tracker_) {
  if (head_ != nullptr) share(*head_);
}

Pending::Pending(Pending&& other) noexcept {
  swap(other);
}

Pending& Pending::operator=(Pending other) noexcept {
  swap(other);
  return *this;
}

Pending::~Pending() {
  if (head_ != nullptr && drop_share(*head_)) shell_->abandon(*head_, first_);
}

void Pending::swap(Pending& other) noexcept {
  std::swap(shell_, other.shell_);
  std::swap(head_, other.head_);
  std::swap(first_, other.first_);
  std::swap(count_, other.count_);
  std::swap(tracker_, other.tracker_);
}

Shell& Pending::shell() const {
  if (!shell_) throw Exception(Errc::invalid, "this result has no tasks: it was never given any");
  return *shell_;
}

bool Pending::wait(Timeout timeout) const {
  Shell& shell = this->shell();
  if (head_ == nullptr) return true;
  return shell.wait([this] { return head_->unfinished == 0; }, timeout);
}

bool Pending::wait_one(std::size_t index, Timeout timeout) const {
  Shell& shell = this->shell();
  const Slot* slot = nullptr;
  shell.look([&] { slot = &shell.slot(first_ + index); });
  return shell.wait([slot] { return slot->done; }, timeout);
}

std::size_t Pending::done() const {
  Shell& shell = this->shell();
  std::size_t out = 0;
  if (head_ != nullptr) shell.look([&] { out = count_ - head_->unfinished; });
  return out;
}

std::vector<std::size_t> Pending::wait_any(std::vector<bool>& seen, Timeout timeout) const {
  Shell& shell = this->shell();
  std::vector<std::size_t> out;
  const auto seen_count = static_cast<std::size_t>(std::count(seen.begin(), seen.end(), true));
  if (seen_count == count_) return out;
  shell.wait([&] { return count_ - head_->unfinished > seen_count; }, timeout);
  shell.look([&] {
    for (std::size_t i = 0; i < count_; ++i)
      if (!seen[i] && shell.slot(first_ + i).done) out.push_back(i);
    std::sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) {
      return shell.slot(first_ + a).order < shell.slot(first_ + b).order;
    });
  });
  for (const std::size_t index : out) seen[index] = true;
  return out;
}

bool Pending::ok(std::size_t index) const {
  bool out = false;
  Shell& shell = this->shell();
  shell.look([&] { out = shell.slot(first_ + index).ending == wire::Ending::ok; });
  return out;
}

ResultBytes Pending::bytes(std::size_t index) const {
  ResultBytes out;
  Shell& shell = this->shell();
  shell.look([&] { out = bytes_of(shell.slot(first_ + index)); });
  return out;
}

RemoteErrorInfo Pending::error(std::size_t index) const {
  RemoteErrorInfo out;
  Shell& shell = this->shell();
  shell.look([&] { out = error_of(shell.slot(first_ + index), shell.msg_id(first_ + index)); });
  return out;
}

void Pending::check(std::size_t index) const {
  Shell& shell = this->shell();
  wire::Ending ending = wire::Ending::ok;
  shell.look([&] { ending = shell.slot(first_ + index).ending; });
  switch (ending) {
    case wire::Ending::ok: return;
    case wire::Ending::error: throw RemoteError(error(index));
    case wire::Ending::aborted: throw TaskAborted(error(index));
    case wire::Ending::timed_out: throw RemoteError(error(index), Errc::timeout);
    case wire::Ending::engine_lost: throw EngineError(error(index));
  }
}

void Pending::check_all() const {
  Shell& shell = this->shell();
  std::vector<RemoteErrorInfo> errors;
  shell.look([&] {
    for (std::uint64_t sequence = first_; sequence < first_ + count_; ++sequence) {
      const Slot& slot = shell.slot(sequence);
      if (slot.ending != wire::Ending::ok) errors.push_back(error_of(slot, shell.msg_id(sequence)));
    }
  });
  if (!errors.empty()) throw CompositeError(std::move(errors), count_);
}

Metadata Pending::metadata(std::size_t index) const {
  Metadata out;
  Shell& shell = this->shell();
  shell.look([&] {
    const std::uint64_t sequence = first_ + index;
    out = shell.metadata(*head_, shell.slot(sequence), sequence);
  });
  return out;
}

std::string Pending::msg_id(std::size_t index) const {
  return shell().msg_id(first_ + index);
}

Seconds Pending::elapsed() const {
  Seconds out{0};
  Shell& shell = this->shell();
  if (head_ == nullptr) return out;
  shell.look([&] {
    const TimePoint end = head_->unfinished == 0 ? head_->finished_at : steady_now();
    out = end - head_->submitted_at;
  });
  return out;
}

Seconds Pending::serial_time() const {
  Seconds out{0};
  Shell& shell = this->shell();
  if (head_ != nullptr) shell.look([&] { out = std::chrono::nanoseconds(head_->duration_ns); });
  return out;
}

bool Pending::sent() const {
  return !tracker_ || tracker_->sent();
}

bool Pending::wait_on_send(Timeout timeout) const {
  const Shell& shell = this->shell();
  const TimePoint start = steady_now();
  while (!sent()) {
    shell.require_same_process();
    if (timeout && steady_now() - start >= *timeout) return false;
    // What is not sent goes out while we wait for the outcome, which also lets go of the buffers.
    if (!wait(std::chrono::milliseconds{1})) continue;
    std::this_thread::sleep_for(kSentPause);
  }
  return true;
}

}  // namespace detail

bool AsyncTasks::successful() const {
  if (!ready())
    throw Exception(Errc::invalid, "the result is not ready: successful() is not known");
  for (std::size_t i = 0; i < tasks_.size(); ++i)
    if (!tasks_.ok(i)) return false;
  return true;
}

Metadata AsyncTasks::metadata(std::size_t index) const {
  if (index >= tasks_.size()) throw std::out_of_range("metadata: this result has fewer tasks");
  return tasks_.metadata(index);
}

std::vector<Metadata> AsyncTasks::all_metadata() const {
  std::vector<Metadata> out;
  out.reserve(tasks_.size());
  for (std::size_t i = 0; i < tasks_.size(); ++i) out.push_back(tasks_.metadata(i));
  return out;
}

std::vector<std::string> AsyncTasks::msg_ids() const {
  std::vector<std::string> out;
  out.reserve(tasks_.size());
  for (std::size_t i = 0; i < tasks_.size(); ++i) out.push_back(tasks_.msg_id(i));
  return out;
}

void AsyncTasks::require_done(Timeout timeout) const {
  if (tasks_.wait(timeout)) return;
  throw TimeoutError(std::to_string(tasks_.size() - tasks_.done()) + " of " +
                     std::to_string(tasks_.size()) + " tasks are not done; they go on");
}

}  // namespace roundhouse
