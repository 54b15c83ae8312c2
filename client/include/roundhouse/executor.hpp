// Executor: a view for code that knows std::future and nothing of Roundhouse.
//
//   rh::Executor pool = client.load_balanced_view().executor();
//   std::future<int> lines = pool.submit(count_lines, path);
//   for (const int n : pool.map(count_lines, paths)) ...
//   pool.shutdown();                                        // waits for what was submitted
//
// As Python's concurrent.futures have it. Copies are one executor. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <future>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include <roundhouse/completion.hpp>
#include <roundhouse/error.hpp>

namespace roundhouse {

template <class View>
class Executor {
 public:
  explicit Executor(View view) : view_(std::move(view)), state_(std::make_shared<State>()) {}

  // The future of what the call gives, or throws. Throws Exception (closed) after shutdown(), and
  // as apply_async of the view.
  template <class R, class... P, class... Args>
  auto submit(R (*function)(P...), Args&&... args) const {
    state_->require_open();
    return counted(view_.apply_async(function, std::forward<Args>(args)...));
  }

  template <class R = void, class... Args>
  auto submit(std::string_view function, Args&&... args) const {
    state_->require_open();
    return counted(view_.template apply_async<R>(function, std::forward<Args>(args)...));
  }

  // The results in order, as one walks through them: imap of the view.
  template <class R, class... P, class... Ranges>
  auto map(R (*function)(P...), Ranges&&... ranges) const {
    state_->require_open();
    return view_.imap(function, std::forward<Ranges>(ranges)...);
  }

  // Takes nothing more and, with `wait`, waits until what was submitted is done. Engines go on.
  void shutdown(bool wait = true) const { state_->close(wait); }

  [[nodiscard]] const View& view() const { return view_; }

 private:
  class State {
   public:
    void require_open() {
      const std::lock_guard lock(mutex_);
      if (closed_) throw Exception(Errc::closed, "this executor was shut down");
    }

    void begin() {
      const std::lock_guard lock(mutex_);
      ++running_;
    }

    void finish() {
      const std::lock_guard lock(mutex_);
      --running_;
      done_.notify_all();
    }

    void close(bool wait) {
      std::unique_lock lock(mutex_);
      closed_ = true;
      if (wait) done_.wait(lock, [this] { return running_ == 0; });
    }

   private:
    std::mutex mutex_;
    std::condition_variable done_;
    std::size_t running_ = 0;  // submitted, and their futures not ready
    bool closed_ = false;
  };

  template <class Result>
  auto counted(const Result& result) const {
    using T = decltype(result.get());
    std::promise<T> promise;
    std::future<T> out = promise.get_future();
    state_->begin();
    try {
      result.on_done([state = state_, promise = std::move(promise)](const auto& done) mutable {
        detail::fulfil(promise, [&]() -> T { return done.get(); });
        state->finish();
      });
    } catch (...) {
      state_->finish();
      throw;
    }
    return out;
  }

  View view_;
  std::shared_ptr<State> state_;  // shared by the copies and by what is submitted
};

}  // namespace roundhouse
