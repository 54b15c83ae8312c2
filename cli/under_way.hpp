// What is under way: a thread of its own submits one piece of work after the other, as far ahead as
// there is room for, so that results are printed while it waits for lines. In their order, or as
// they are done.
//
// take() by one thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <semaphore>
#include <stop_token>
#include <thread>
#include <utility>

#include "shared/time.hpp"

namespace roundhouse::cli {

// A Piece has a `result`, an AsyncResult.
template <class Piece>
class UnderWay {
 public:
  // Submits the next piece; nothing when there is no more. Called by the thread.
  using Next = std::function<std::optional<Piece>()>;

  UnderWay(std::size_t room, bool unordered, Next next)
      : state_(std::make_shared<State>(room)),
        thread_([state = state_, unordered, next = std::move(next)](const std::stop_token& stop) {
          submit_all(state, unordered, next, stop);
        }) {}

  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;

  // Whoever waits in `next` has to be woken before.
  ~UnderWay() {
    thread_.request_stop();
    state_->room.release();
  }

  // The piece whose result is printed next, with room for another one behind it; nothing behind the
  // last one. Calls `look` while it waits, which may throw.
  std::optional<Piece> take(const std::function<void()>& look = nullptr) {
    constexpr auto kLook = std::chrono::milliseconds{50};
    std::unique_lock lock(state_->mutex);
    while (!state_->changed.wait_for(lock, kLook, [this] { return state_->has_news(); })) {
      lock.unlock();
      if (look) look();
      lock.lock();
    }
    if (state_->failure) std::rethrow_exception(state_->failure);
    if (state_->next.empty()) return std::nullopt;
    Piece piece = std::move(state_->next.front());
    state_->next.pop_front();
    ++state_->taken;
    state_->room.release();
    return piece;
  }

  // How many are submitted and not taken.
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(state_->mutex);
    return state_->pieces - state_->taken;
  }

 private:
  struct State {
    explicit State(std::size_t size) : room(static_cast<std::ptrdiff_t>(size)) {}

    [[nodiscard]] bool has_news() const {
      return !next.empty() || failure || (over && taken == pieces);
    }

    std::counting_semaphore<> room;
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Piece> next;  // in order, or as they were done
    std::size_t pieces = 0;  // submitted
    std::size_t taken = 0;
    bool over = false;  // all are submitted
    std::exception_ptr failure;
  };

  using Shared = std::shared_ptr<State>;  // by this, the thread, and callbacks of results

  static void submit_all(const Shared& state, bool unordered, const Next& next,
                         const std::stop_token& stop) {
    std::exception_ptr failure;
    try {
      while (true) {
        state->room.acquire();
        if (stop.stop_requested()) break;
        std::optional<Piece> piece = next();
        if (!piece || stop.stop_requested()) break;
        submitted(state, unordered, *std::move(piece));
      }
    } catch (...) {
      failure = std::current_exception();
    }
    const std::lock_guard lock(state->mutex);
    state->over = true;
    state->failure = failure;
    state->changed.notify_one();
  }

  static void submitted(const Shared& state, bool unordered, Piece piece) {
    {
      const std::lock_guard lock(state->mutex);
      ++state->pieces;
    }
    if (!unordered) return put(*state, std::move(piece));
    const auto result = piece.result;
    piece.result = {};
    result.on_done([state, piece](const auto& done) {
      Piece whole = piece;
      whole.result = done;
      put(*state, std::move(whole));
    });
  }

  static void put(State& state, Piece piece) {
    const std::lock_guard lock(state.mutex);
    state.next.push_back(std::move(piece));
    state.changed.notify_one();
  }

  Shared state_;
  std::jthread thread_;  // last member: joined first
};

}  // namespace roundhouse::cli
