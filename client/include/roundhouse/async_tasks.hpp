// AsyncTasks: what AsyncResult and AsyncMapResult have in common, whatever their values are.
//
//   auto ar = view.apply_async(f, x);
//   while (!ar.wait(1s)) std::cout << ar.progress() << " of " << ar.task_count() << '\n';
//   ar.wait_interactive();                          // the same as a bar on the terminal
//   std::cout << ar.wall_time().count() << " s\n";
//
// Thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

#include <roundhouse/abort.hpp>
#include <roundhouse/error.hpp>
#include <roundhouse/metadata.hpp>
#include <roundhouse/output.hpp>
#include <roundhouse/pending.hpp>
#include <roundhouse/timeout.hpp>

namespace roundhouse {

template <class T>
class AsyncResult;
template <class R>
class AsyncListResult;

// How wait_interactive() waits, and where it shows how far things are: on a terminal as a bar that
// is drawn again and again, elsewhere as a line for every tenth that is done.
struct InteractiveOptions {
  Timeout timeout{};
  std::chrono::nanoseconds interval = std::chrono::milliseconds{100};  // between two looks
  std::ostream* out = nullptr;                                         // null: standard error
};

// A handle that was made by default has no tasks: everything but assignment throws Exception
// (invalid) on it.
class AsyncTasks {
 public:
  AsyncTasks() = default;

  // Waits until all tasks are done, whatever they ended with. Returns whether they are; throws only
  // when the client itself is of no use any more (ConnectionError, ForkedError).
  bool wait(Timeout timeout = {}) const { return tasks_.wait(timeout); }

  // The same, showing how many are done.
  bool wait_interactive(const InteractiveOptions& options = {}) const;

  [[nodiscard]] bool ready() const { return tasks_.done() == tasks_.size(); }

  // Whether all ended well. Throws Exception (invalid) when they are not ready.
  [[nodiscard]] bool successful() const;

  // About the task at `index`, in the order of targets or chunks; also before it is done.
  // Throws std::out_of_range.
  [[nodiscard]] Metadata metadata(std::size_t index) const;
  [[nodiscard]] std::vector<Metadata> all_metadata() const;
  [[nodiscard]] std::vector<std::string> msg_ids() const;

  // Whether these are other clients' tasks, or own ones that this client had let go of: then they
  // can be an AsyncHubResult (hub_result.hpp).
  [[nodiscard]] bool from_hub() const { return tasks_.from_hub(); }

  // Calls `call` on the client's dispatcher thread with all that its tasks write, by pieces, in
  // the order of each stream: the last perhaps after wait() has returned, but before what on_done()
  // is given, and so keep what `call` uses until that. Throws ConnectionError once it is closed.
  void on_output(std::function<void(const OutputPart&)> call) const;

  // Shows what they have written: roundhouse::display_outputs(). Null: standard output and error.
  void display_outputs(std::ostream* out = nullptr, std::ostream* err = nullptr) const;

  // Ends its tasks before their time, as Client::abort(): see abort.hpp.
  AbortReport abort() const;

  // How many tasks there are, and how many are done.
  [[nodiscard]] std::size_t task_count() const { return tasks_.size(); }

  [[nodiscard]] std::size_t progress() const { return tasks_.done(); }

  // Since the call: until the last task was done, or until now.
  [[nodiscard]] Seconds elapsed() const { return tasks_.elapsed(); }

  // What the tasks took on their engines, added up.
  [[nodiscard]] Seconds serial_time() const { return tasks_.serial_time(); }

  // From the call to the last result: elapsed() once it is ready.
  [[nodiscard]] Seconds wall_time() const { return tasks_.elapsed(); }

  // Whether what was passed as rh::borrow and, with the view's `track`, as rh::Array, may be
  // changed again. True at once without such.
  [[nodiscard]] bool sent() const { return tasks_.sent(); }

  // Waits for that. Returns whether it is so.
  bool wait_on_send(Timeout timeout = {}) const { return tasks_.wait_on_send(timeout); }

  // The same task with its result as a T, for what send_apply_message() gave. With several tasks
  // it is that of the first.
  template <class T>
  [[nodiscard]] AsyncResult<T> as() const;
  // All of them, each with its result as a T.
  template <class T>
  [[nodiscard]] AsyncListResult<T> as_list() const;

 protected:
  explicit AsyncTasks(detail::Pending tasks) : tasks_(std::move(tasks)) {}

  [[nodiscard]] std::vector<std::string> texts_of(std::string Metadata::*text) const;

  // Throws TimeoutError.
  void require_done(Timeout timeout) const;

  detail::Pending tasks_;

 private:
  friend class Client;
  friend class Jobs;
};

}  // namespace roundhouse
