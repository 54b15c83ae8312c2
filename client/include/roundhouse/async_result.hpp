// AsyncResult and AsyncMapResult: what apply and map give at once, for what comes later.
//
//   rh::AsyncResult<Survey> ar = any.apply_async(survey_file, path);
//   while (!ar.wait(1s)) std::cout << "still waiting\n";
//   Survey survey = ar.get();                       // throws what the task threw, as RemoteError
//
//   for (const Survey& s : any.map_async(survey_file, paths)) ...      // in order, as they come
//   for (const Survey& s : surveys.unordered()) ...                    // the quickest first
//
// Handles are cheap to copy; results are kept until the last handle is gone. get() may be called
// again and decodes again. Nothing is cancelled when a handle goes away. Thread-safe.
#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <roundhouse/arguments.hpp>
#include <roundhouse/error.hpp>
#include <roundhouse/metadata.hpp>
#include <roundhouse/options.hpp>
#include <roundhouse/pending.hpp>

namespace roundhouse {

// What AsyncResult and AsyncMapResult have in common. A handle that was made by default has no
// tasks: everything but assignment throws Exception (invalid) on it.
class AsyncTasks {
 public:
  // Waits until all tasks are done, whatever they ended with. Returns whether they are; throws only
  // when the client itself is of no use any more (ConnectionError, ForkedError).
  bool wait(Timeout timeout = {}) const { return tasks_.wait(timeout); }

  [[nodiscard]] bool ready() const { return tasks_.done() == tasks_.size(); }

  // Whether all ended well. Throws Exception (invalid) when they are not ready.
  [[nodiscard]] bool successful() const;

  // About the task at `index`, in the order of targets or chunks; also before it is done.
  // Throws std::out_of_range.
  [[nodiscard]] Metadata metadata(std::size_t index = 0) const;
  [[nodiscard]] std::vector<Metadata> all_metadata() const;
  [[nodiscard]] std::vector<std::string> msg_ids() const;

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

 protected:
  AsyncTasks() = default;

  explicit AsyncTasks(detail::Pending tasks) : tasks_(std::move(tasks)) {}

  // Throws TimeoutError.
  void require_done(Timeout timeout) const;

  detail::Pending tasks_;
};

template <class T>
class AsyncResult : public AsyncTasks {
 public:
  // How the value is made of the tasks, which are done.
  using Collect = T (*)(const detail::Pending& tasks);

  AsyncResult() = default;

  AsyncResult(detail::Pending tasks, Collect collect)
      : AsyncTasks(std::move(tasks)), collect_(collect) {}

  // The value. Throws TimeoutError when it is not there in time (ask again); what the task ended
  // with: RemoteError (it threw), EngineError, TaskAborted; CompositeError when several engines
  // were asked and one of them, or more, failed; SerializationError when it is not a T.
  T get(Timeout timeout = {}) const {
    require_done(timeout);
    return collect_(tasks_);
  }

 private:
  Collect collect_ = nullptr;
};

namespace detail {

// Reads the result of one task.
template <class R>
R read_result(const Pending& tasks, std::size_t index) {
  const ResultBytes bytes = tasks.bytes(index);
  return decode_result<R>(bytes.body(), bytes.frames());
}

// One engine was asked.
template <class R>
R collect_one(const Pending& tasks) {
  tasks.check(0);
  return read_result<R>(tasks, 0);
}

// R of one engine, std::vector<R> of several; nothing of nothing.
template <class R>
struct ManyOf {
  using type = std::vector<R>;
};

template <>
struct ManyOf<void> {
  using type = void;
};

// Several were asked (though it may be just one).
template <class R>
typename ManyOf<R>::type collect_many(const Pending& tasks) {
  tasks.check_all();
  if constexpr (!std::is_void_v<R>) {
    std::vector<R> out;
    out.reserve(tasks.size());
    for (std::size_t i = 0; i < tasks.size(); ++i) out.push_back(read_result<R>(tasks, i));
    return out;
  }
}

// Each task has a list; they are joined.
template <class R>
typename ManyOf<R>::type collect_joined(const Pending& tasks) {
  tasks.check_all();
  if constexpr (!std::is_void_v<R>) {
    std::vector<R> out;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      std::vector<R> part = read_result<std::vector<R>>(tasks, i);
      if (out.empty()) {
        out = std::move(part);
        out.reserve(out.size() * tasks.size());
      } else {
        out.insert(out.end(), std::make_move_iterator(part.begin()),
                   std::make_move_iterator(part.end()));
      }
    }
    return out;
  }
}

}  // namespace detail

// The results of a map, in chunks: one task each.
template <class R>
class AsyncMapResult : public AsyncTasks {
 public:
  class Iterator;
  class Unordered;

  AsyncMapResult() = default;

  // `items` is how many results there will be.
  AsyncMapResult(detail::Pending tasks, std::size_t items)
      : AsyncTasks(std::move(tasks)), items_(items) {}

  // All results, in the order of the arguments. Throws as AsyncResult::get: CompositeError when any
  // task failed.
  typename detail::ManyOf<R>::type get(Timeout timeout = {}) const {
    if (task_count() == 0) return typename detail::ManyOf<R>::type();
    require_done(timeout);
    return detail::collect_joined<R>(tasks_);
  }

  // How many results there will be.
  [[nodiscard]] std::size_t size() const { return items_; }

  // Results in the order of the arguments; advancing waits for the next one, and throws the
  // RemoteError of its task.
  [[nodiscard]] Iterator begin() const { return Iterator(tasks_, true); }

  [[nodiscard]] std::default_sentinel_t end() const { return {}; }

  // The same as results come; those of one chunk stay together, in order.
  [[nodiscard]] Unordered unordered() const { return Unordered(tasks_); }

  // One pass; holds the results of one chunk.
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = R;
    using difference_type = std::ptrdiff_t;
    using pointer = const R*;
    using reference = const R&;

    Iterator(detail::Pending tasks, bool ordered)
        : tasks_(std::move(tasks)), ordered_(ordered), seen_(tasks_.size()) {
      next_chunk();
    }

    const R& operator*() const { return chunk_[at_]; }

    const R* operator->() const { return &chunk_[at_]; }

    Iterator& operator++() {
      if (++at_ == chunk_.size()) next_chunk();
      return *this;
    }

    void operator++(int) { ++*this; }

    friend bool operator==(const Iterator& i, std::default_sentinel_t) { return i.over_; }

   private:
    void next_chunk() {
      do {
        const std::optional<std::size_t> index = next_index();
        if (!index) {
          over_ = true;
          return;
        }
        tasks_.check(*index);
        chunk_ = detail::read_result<std::vector<R>>(tasks_, *index);
        at_ = 0;
      } while (chunk_.empty());
    }

    std::optional<std::size_t> next_index() {
      if (ordered_) {
        if (next_ == tasks_.size()) return std::nullopt;
        (void)tasks_.wait_one(next_, {});
        return next_++;
      }
      if (next_ == found_.size()) {
        found_ = tasks_.wait_any(seen_, {});
        next_ = 0;
        if (found_.empty()) return std::nullopt;
      }
      return found_[next_++];
    }

    detail::Pending tasks_;
    bool ordered_;
    bool over_ = false;
    std::vector<bool> seen_;          // tasks that were in found_; unordered
    std::vector<std::size_t> found_;  // done, to be given out; unordered
    std::size_t next_ = 0;            // into found_; ordered: the next task
    std::vector<R> chunk_;
    std::size_t at_ = 0;
  };

  class Unordered {
   public:
    explicit Unordered(detail::Pending tasks) : tasks_(std::move(tasks)) {}

    [[nodiscard]] Iterator begin() const { return Iterator(tasks_, false); }

    [[nodiscard]] std::default_sentinel_t end() const { return {}; }

   private:
    detail::Pending tasks_;
  };

 private:
  std::size_t items_ = 0;
};

}  // namespace roundhouse
