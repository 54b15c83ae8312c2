// AsyncResult: what apply gives at once, for what comes later.
//
//   rh::AsyncResult<Survey> ar = any.apply_async(survey_file, path);
//   while (!ar.wait(1s)) std::cout << "still waiting\n";
//   Survey survey = ar.get();                       // throws what the task threw, as RemoteError
//
//   rh::AsyncListResult<int> pids = all.apply_async(process_id);       // of several engines
//   for (const int pid : pids) ...                                     // in order, as they come
//   std::map<int, int> by_engine = pids.get_dict();
//
// Handles are cheap to copy; results are kept until the last handle is gone. get() may be called
// again and decodes again. Nothing is cancelled when a handle goes away. Thread-safe.
// Callbacks, futures and co_await: completion.hpp. The results of a map: async_map_result.hpp.
#pragma once

#include <cstddef>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <roundhouse/async_tasks.hpp>
#include <roundhouse/collect.hpp>
#include <roundhouse/completion.hpp>
#include <roundhouse/outcome.hpp>
#include <roundhouse/result_iterator.hpp>

namespace roundhouse {

template <class T>
class AsyncResult : public AsyncTasks, public detail::Completion<AsyncResult<T>> {
 public:
  // How the value is made of the tasks, which are done.
  using Collect = detail::Collect<T>;

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

  // The value, or what get() would throw for it. Throws only TimeoutError, and what is no error of
  // a task.
  [[nodiscard]] Outcome<T> get(ReturnExceptions, Timeout timeout = {}) const {
    require_done(timeout);
    return Outcome<T>::of([this]() -> T { return collect_(tasks_); });
  }

  // get(), by the names that IPython parallel has for it.
  T result() const { return get(); }

  T r() const { return get(); }

  // The value under the id of the engine that it came from. Throws Exception (invalid) when there
  // were several tasks.
  [[nodiscard]] std::map<int, T> get_dict(Timeout timeout = {}) const {
    T value = get(timeout);
    if (tasks_.size() != 1)
      throw Exception(Errc::invalid, "get_dict: this value was made of several results");
    std::map<int, T> out;
    out.emplace(tasks_.engines().front(), std::move(value));
    return out;
  }

  using AsyncTasks::metadata;

  // About its task, or the first of several.
  [[nodiscard]] Metadata metadata() const { return AsyncTasks::metadata(0); }

  // What it has written, as far as that is known: output.hpp.
  [[nodiscard]] std::string stdout() const { return metadata().stdout; }

  [[nodiscard]] std::string stderr() const { return metadata().stderr; }

 private:
  friend class detail::Completion<AsyncResult<T>>;

  Collect collect_ = nullptr;
};

// The results of one call on several engines, in their order. As a value it is the AsyncResult of a
// list; here, each of them can be looked at.
template <class R>
class AsyncListResult : public AsyncResult<typename detail::ManyOf<R>::type> {
  using Base = AsyncResult<typename detail::ManyOf<R>::type>;

 public:
  using Iterator = detail::ResultIterator<R>;

  AsyncListResult() = default;

  explicit AsyncListResult(detail::Pending tasks)
      : AsyncListResult(std::move(tasks), How<&detail::read_result<R>>{}) {}

  // `how` says by which function a result is read of its task.
  template <detail::Read<R> read>
  struct How {};

  template <detail::Read<R> read>
  AsyncListResult(detail::Pending tasks, How<read> /*how*/)
      : Base(std::move(tasks), &detail::collect_many<R, read>), read_(read) {
    if constexpr (!std::is_void_v<R>) read_list_ = &detail::read_one<R, read>;
  }

  // How many there are, or will be.
  [[nodiscard]] std::size_t size() const { return this->tasks_.size(); }

  // The result of the engine at `index` in the order of the targets, for which it waits. Throws
  // what its task ended with, whatever the others did; std::out_of_range.
  R at(std::size_t index) const {
    if (index >= size()) throw std::out_of_range("this result has fewer engines");
    (void)this->tasks_.wait_one(index, {});
    this->tasks_.check(index);
    return read_(this->tasks_, index);
  }

  R operator[](std::size_t index) const { return at(index); }

  using Base::get;

  // All of them, with the errors of those that failed. Throws TimeoutError.
  [[nodiscard]] std::vector<Outcome<R>> get(ReturnExceptions, Timeout timeout = {}) const {
    this->require_done(timeout);
    std::vector<Outcome<R>> out;
    out.reserve(size());
    for (std::size_t i = 0; i < size(); ++i)
      out.push_back(Outcome<R>::of([&]() -> R { return at(i); }));
    return out;
  }

  // The results by the ids of their engines. Throws as get().
  [[nodiscard]] std::map<int, R> get_dict(Timeout timeout = {}) const {
    this->require_done(timeout);
    this->tasks_.check_all();
    const std::vector<int> engines = this->tasks_.engines();
    std::map<int, R> out;
    for (std::size_t i = 0; i < size(); ++i) out.emplace(engines[i], read_(this->tasks_, i));
    return out;
  }

  // About each task, in the order of the engines.
  [[nodiscard]] std::vector<Metadata> metadata() const { return this->all_metadata(); }

  [[nodiscard]] Metadata metadata(std::size_t index) const { return AsyncTasks::metadata(index); }

  // What each has written.
  [[nodiscard]] std::vector<std::string> stdout() const {
    return this->texts_of(&Metadata::stdout);
  }

  [[nodiscard]] std::vector<std::string> stderr() const {
    return this->texts_of(&Metadata::stderr);
  }

  // Results in the order of the engines; advancing waits for the next one, and throws the
  // RemoteError of its task: then advance again, or stop.
  [[nodiscard]] Iterator begin() const { return {this->tasks_, true, read_list_}; }

  [[nodiscard]] std::default_sentinel_t end() const { return {}; }

  // The same as they come.
  [[nodiscard]] detail::UnorderedResults<R> unordered() const { return {this->tasks_, read_list_}; }

 private:
  detail::Read<R> read_ = nullptr;
  detail::Read<std::vector<R>> read_list_ = nullptr;
};

template <class T>
AsyncResult<T> AsyncTasks::as() const {
  return {tasks_, &detail::collect_one<T>};
}

template <class T>
AsyncListResult<T> AsyncTasks::as_list() const {
  return AsyncListResult<T>(tasks_);
}

}  // namespace roundhouse
