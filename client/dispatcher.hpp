// THREAD. Dispatcher: runs callbacks, one after the other, on a thread of its own, which is there
// from the first one on.
//
// Thread-safe. A callback is called, and destroyed, under no lock.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace roundhouse::detail {

class Dispatcher {
 public:
  Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;
  ~Dispatcher();

  // Starts the thread, unless it runs. Before the first post(), under no lock.
  void start();

  // Has `call` called soon. False, with nothing done, after stop(). Precondition: start().
  [[nodiscard]] bool post(std::function<void()>&& call);

  // Runs what was posted, and nothing more. Returns when that is over; on the dispatcher's own
  // thread at once: then the rest is run when the callback that called this has returned.
  void stop();

 private:
  struct Queue {
    std::mutex mutex;
    std::condition_variable news;
    std::deque<std::function<void()>> calls;
    bool stopping = false;
  };

  static void run(Queue& queue);

  std::shared_ptr<Queue> queue_;  // shared with the thread, which may outlive this
  std::mutex thread_mutex_;
  std::thread thread_;
};

}  // namespace roundhouse::detail
