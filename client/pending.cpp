#include <algorithm>
#include <thread>

#include "client/send_tracker.hpp"
#include "client/shell.hpp"
#include "client/slab.hpp"
#include "shared/clock.hpp"
#include <roundhouse/pending.hpp>

namespace roundhouse::detail {
namespace {

// How long a released buffer may take to be noticed: nobody tells when ZeroMQ lets go of it.
constexpr std::chrono::microseconds kSentPause{500};

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

std::string Pending::pause() const {
  return shell().pause();
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

std::size_t Pending::wait_first(const std::deque<Pending>& several) {
  std::size_t out = 0;
  several.front().shell().wait(
      [&] {
        const auto done = std::find_if(several.begin(), several.end(), [](const Pending& each) {
          return each.head_->unfinished == 0;
        });
        out = static_cast<std::size_t>(done - several.begin());
        return done != several.end();
      },
      {});
  return out;
}

void Pending::on_done(std::function<void()> call) const {
  shell().on_done(head_, first_, std::move(call));
}

void Pending::on_output(std::function<void(const OutputPart&)> call) const {
  shell().on_output(head_, first_, std::move(call));
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
  shell.look([&] { out = Shell::bytes_of(shell.slot(first_ + index)); });
  return out;
}

RemoteErrorInfo Pending::error(std::size_t index) const {
  RemoteErrorInfo out;
  Shell& shell = this->shell();
  shell.look([&] { out = shell.error_of(shell.slot(first_ + index), first_ + index); });
  return out;
}

std::exception_ptr Pending::failure(std::size_t index) const {
  std::exception_ptr out;
  Shell& shell = this->shell();
  shell.look([&] { out = shell.failure_of(shell.slot(first_ + index), first_ + index); });
  return out;
}

void Pending::check(std::size_t index) const {
  if (const std::exception_ptr failure = this->failure(index)) std::rethrow_exception(failure);
}

void Pending::check_all() const {
  Shell& shell = this->shell();
  std::vector<RemoteErrorInfo> errors;
  shell.look([&] {
    for (std::uint64_t sequence = first_; sequence < first_ + count_; ++sequence) {
      const Slot& slot = shell.slot(sequence);
      if (slot.ending != wire::Ending::ok) errors.push_back(shell.error_of(slot, sequence));
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

std::vector<int> Pending::engines() const {
  Shell& shell = this->shell();
  std::vector<int> out;
  shell.look([&] {
    for (std::uint64_t sequence = first_; sequence < first_ + count_; ++sequence) {
      const Slot& slot = shell.slot(sequence);
      if (!slot.engine)
        throw Exception(Errc::invalid, "get_dict: no engine ran " + shell.msg_id(sequence));
      out.push_back(static_cast<int>(slot.engine->value));
    }
  });
  std::vector<int> sorted = out;
  std::sort(sorted.begin(), sorted.end());
  if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end())
    throw Exception(Errc::invalid, "get_dict: engine " + std::to_string(*twice) +
                                       " ran several of the tasks; get() has all results");
  return out;
}

std::string Pending::msg_id(std::size_t index) const {
  std::string out;
  Shell& shell = this->shell();
  shell.look([&] { out = shell.msg_id(first_ + index); });
  return out;
}

void Pending::append_ids(std::vector<MsgIds::Ids>& out) const {
  if (Shell& shell = this->shell(); head_ != nullptr) shell.append_ids(first_, count_, out);
}

bool Pending::from_hub() const {
  bool out = false;
  Shell& shell = this->shell();
  if (head_ != nullptr && Shell::is_place(first_))
    shell.look([&] { out = shell.from_hub(first_); });
  return out;
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

std::optional<std::size_t> TaskCursor::next() {
  if (ordered_) {
    if (next_ == tasks_.size()) return std::nullopt;
    (void)tasks_.wait_one(next_, {});
    return next_++;
  }
  if (next_ == found_.size()) {
    seen_.resize(tasks_.size());
    found_ = tasks_.wait_any(seen_, {});
    next_ = 0;
    if (found_.empty()) return std::nullopt;
  }
  return found_[next_++];
}

}  // namespace roundhouse::detail
