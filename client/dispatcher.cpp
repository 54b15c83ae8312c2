#include "client/dispatcher.hpp"

#include <exception>
#include <utility>

#include "shared/check.hpp"
#include "shared/log.hpp"

namespace roundhouse::detail {

Dispatcher::Dispatcher() : queue_(std::make_shared<Queue>()) {}

Dispatcher::~Dispatcher() {
  stop();
}

void Dispatcher::start() {
  const std::lock_guard lock(thread_mutex_);
  if (thread_.joinable()) return;
  {
    const std::lock_guard queue_lock(queue_->mutex);
    if (queue_->stopping) return;
  }
  thread_ = std::thread([queue = queue_] { run(*queue); });
}

bool Dispatcher::post(std::function<void()>&& call) {
  {
    const std::lock_guard lock(queue_->mutex);
    if (queue_->stopping) return false;
    queue_->calls.push_back(std::move(call));
  }
  queue_->news.notify_one();
  return true;
}

void Dispatcher::stop() {
  {
    const std::lock_guard lock(queue_->mutex);
    queue_->stopping = true;
  }
  queue_->news.notify_one();
  const std::lock_guard lock(thread_mutex_);
  if (!thread_.joinable()) return;
  // A callback, or a coroutine, may own the client and end it; nobody can join the thread that it
  // runs on, which has all that it needs.
  if (thread_.get_id() == std::this_thread::get_id())
    thread_.detach();
  else
    thread_.join();
}

void Dispatcher::run(Queue& queue) {
  while (true) {
    std::function<void()> call;
    {
      std::unique_lock lock(queue.mutex);
      queue.news.wait(lock, [&] { return queue.stopping || !queue.calls.empty(); });
      if (queue.calls.empty()) return;
      call = std::move(queue.calls.front());
      queue.calls.pop_front();
    }
    try {
      call();
    } catch (const std::exception& error) {
      log::error("callback_failed", {{"error", error.what()}});
    } catch (...) {
      log::error("callback_failed", {});
    }
  }
}

}  // namespace roundhouse::detail
