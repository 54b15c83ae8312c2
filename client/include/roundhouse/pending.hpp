// Tasks under way, as the classes of async_result.hpp hold them. Not for programs.
//
// A Pending is a counted handle on consecutive tasks of one client. What came of them is kept in
// the client for as long as there is a handle. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <roundhouse/buffer.hpp>
#include <roundhouse/encoded.hpp>
#include <roundhouse/error.hpp>
#include <roundhouse/metadata.hpp>
#include <roundhouse/msg_ids.hpp>
#include <roundhouse/output.hpp>
#include <roundhouse/timeout.hpp>

namespace roundhouse::detail {

class SendTracker;
class Shell;
struct Slot;

// The bytes of a result, shared with the client's memory of it.
class ResultBytes {
 public:
  ResultBytes() = default;

  ResultBytes(Buffer block, std::string_view body,
              std::shared_ptr<const std::vector<Buffer>> frames, std::size_t spill)
      : block_(std::move(block)), body_(body), frames_(std::move(frames)), spill_(spill) {}

  [[nodiscard]] std::string_view body() const { return body_; }

  [[nodiscard]] std::span<const Buffer> frames() const {
    return frames_ ? std::span(*frames_).subspan(spill_) : std::span<const Buffer>{};
  }

 private:
  Buffer block_;
  std::string_view body_;                              // in block_
  std::shared_ptr<const std::vector<Buffer>> frames_;  // shared with the client
  std::size_t spill_ = 0;
};

class Pending {
 public:
  Pending() = default;
  // Takes over one reference to the tasks of `head`.
  Pending(std::shared_ptr<Shell> shell, Slot* head, std::uint64_t first, std::size_t count);
  Pending(const Pending& other);
  Pending(Pending&& other) noexcept;
  Pending& operator=(Pending other) noexcept;
  ~Pending();

  [[nodiscard]] std::size_t size() const { return count_; }

  // The client that they were submitted to.
  [[nodiscard]] std::weak_ptr<Shell> client() const { return shell_; }

  // What the client calls the first of them; the others follow.
  [[nodiscard]] std::uint64_t first() const { return first_; }

  // True when all are done; at once with a timeout of zero.
  [[nodiscard]] bool wait(Timeout timeout) const;
  // The same for one of them. Precondition: index < size().
  [[nodiscard]] bool wait_one(std::size_t index, Timeout timeout) const;
  // Why the hub takes no tasks at present; empty when it does. For people.
  [[nodiscard]] std::string pause() const;
  // How many are done.
  [[nodiscard]] std::size_t done() const;
  // Those that are done and not in `seen` (as many flags as tasks), in the order in which they were
  // done; they are then in `seen`. Waits until there is one; empty: all were seen, or time is up.
  [[nodiscard]] std::vector<std::size_t> wait_any(std::vector<bool>& seen, Timeout timeout) const;

  // The first of these that is done, for which it waits. Precondition: there is one, and they are
  // tasks of one client.
  [[nodiscard]] static std::size_t wait_first(const std::deque<Pending>& several);

  // Calls `call` once, on the client's dispatcher thread, when all are done or the client is of no
  // use any more. Throws ConnectionError when the client is closed.
  void on_done(std::function<void()> call) const;

  // As AsyncTasks::on_output().
  void on_output(std::function<void(const OutputPart&)> call) const;

  // About one that is done. Precondition: it is.
  [[nodiscard]] bool ok(std::size_t index) const;
  [[nodiscard]] ResultBytes bytes(std::size_t index) const;
  [[nodiscard]] RemoteErrorInfo error(std::size_t index) const;
  // Throws what became of it, unless it is ok: RemoteError, EngineError, TaskAborted.
  void check(std::size_t index) const;
  // The same as an exception; null when it is ok.
  [[nodiscard]] std::exception_ptr failure(std::size_t index) const;
  // Throws a CompositeError when any of them is not ok. Precondition: all are done.
  void check_all() const;

  [[nodiscard]] Metadata metadata(std::size_t index) const;
  // Which engine ran each of them, in their order. Throws Exception (invalid) when one ran two, or
  // none is known. Precondition: all are done.
  [[nodiscard]] std::vector<int> engines() const;
  [[nodiscard]] std::string msg_id(std::size_t index) const;
  // Appends all ids. Throws ConnectionError when the client is closed or was refused.
  void append_ids(std::vector<MsgIds::Ids>& out) const;
  // Whether the hub was asked for some of them, instead of their coming to this client by itself.
  [[nodiscard]] bool from_hub() const;
  // From submitting to the last outcome, or to now.
  [[nodiscard]] Seconds elapsed() const;
  // Time of all tasks on their engines, added up; those that are done.
  [[nodiscard]] Seconds serial_time() const;

  // Tells of the memory of the caller that is on its way (rh::borrow, or a view with `track`).
  void track(std::shared_ptr<const SendTracker> tracker) { tracker_ = std::move(tracker); }

  [[nodiscard]] bool sent() const;
  [[nodiscard]] bool wait_on_send(Timeout timeout) const;

 private:
  void swap(Pending& other) noexcept;
  // Throws when there is no task: a handle that was made by default, or moved from.
  [[nodiscard]] Shell& shell() const;

  std::shared_ptr<Shell> shell_;  // shared by the client, its views and its handles
  Slot* head_ = nullptr;
  std::uint64_t first_ = 0;
  std::size_t count_ = 0;
  std::shared_ptr<const SendTracker> tracker_;  // shared by the copies of this handle; mostly null
};

// Which of several tasks comes next: by their order, or as they are done. Not thread-safe.
class TaskCursor {
 public:
  TaskCursor(Pending tasks, bool ordered) : tasks_(std::move(tasks)), ordered_(ordered) {}

  [[nodiscard]] const Pending& tasks() const { return tasks_; }

  // Waits for it; nothing when there are no more. Throws as Pending::wait.
  [[nodiscard]] std::optional<std::size_t> next();

 private:
  Pending tasks_;
  bool ordered_;
  std::vector<bool> seen_;          // tasks that were in found_; unordered
  std::vector<std::size_t> found_;  // done, to be given out; unordered
  std::size_t next_ = 0;            // into found_; ordered: the next task
};

}  // namespace roundhouse::detail
