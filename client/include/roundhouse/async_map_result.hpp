// AsyncMapResult: the results of a map, in pieces of one task each.
//
//   rh::AsyncMapResult<Survey> surveys = any.map_async(survey_file, paths);
//   for (const Survey& s : surveys) ...                                // in order, as they come
//   for (const Survey& s : surveys.unordered()) ...                    // the quickest first
//   std::vector<Survey> all = surveys.get();
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <iterator>
#include <map>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

#include <roundhouse/async_tasks.hpp>
#include <roundhouse/collect.hpp>
#include <roundhouse/completion.hpp>
#include <roundhouse/outcome.hpp>
#include <roundhouse/result_iterator.hpp>

namespace roundhouse {

template <class R>
class AsyncMapResult : public AsyncTasks, public detail::Completion<AsyncMapResult<R>> {
 public:
  using Iterator = detail::ResultIterator<R>;

  AsyncMapResult() = default;

  // `sizes` says how many results each task has.
  AsyncMapResult(detail::Pending tasks, std::vector<std::size_t> sizes, bool ordered)
      : AsyncTasks(std::move(tasks)),
        sizes_(std::make_shared<const std::vector<std::size_t>>(std::move(sizes))),
        ordered_(ordered) {}

  // All results, in the order of the arguments. Throws as AsyncResult::get: CompositeError when any
  // task failed.
  typename detail::ManyOf<R>::type get(Timeout timeout = {}) const {
    if (task_count() == 0) {
      (void)wait();  // throws for a handle that never was a map
      return typename detail::ManyOf<R>::type();
    }
    require_done(timeout);
    return detail::collect_joined<R>(tasks_);
  }

  // The same with errors in their places: each result of a task that failed is its error. Throws
  // TimeoutError.
  [[nodiscard]] std::vector<Outcome<R>> get(ReturnExceptions, Timeout timeout = {}) const {
    require_done(timeout);
    std::vector<Outcome<R>> out;
    out.reserve(size());
    for (std::size_t i = 0; i < task_count(); ++i) add_outcomes(i, out);
    return out;
  }

  // get(), by the names that IPython parallel has for it.
  auto result() const { return get(); }

  auto r() const { return get(); }

  // The results of each engine under its id. Throws as get(), and Exception (invalid) when an
  // engine ran several pieces, as those of a load-balanced view do.
  [[nodiscard]] std::map<int, std::vector<R>> get_dict(Timeout timeout = {}) const {
    require_done(timeout);
    tasks_.check_all();
    const std::vector<int> engines = tasks_.engines();
    std::map<int, std::vector<R>> out;
    for (std::size_t i = 0; i < task_count(); ++i)
      out.emplace(engines[i], detail::read_result<std::vector<R>>(tasks_, i));
    return out;
  }

  // How many results there will be.
  [[nodiscard]] std::size_t size() const {
    return sizes_ ? std::accumulate(sizes_->begin(), sizes_->end(), std::size_t{0}) : 0;
  }

  // About each piece, in order.
  [[nodiscard]] std::vector<Metadata> metadata() const { return all_metadata(); }

  [[nodiscard]] Metadata metadata(std::size_t index) const { return AsyncTasks::metadata(index); }

  // Results in the order of the arguments, or as they come when the view was not `ordered`;
  // advancing waits for the next one, and throws the RemoteError of its task: then advance again,
  // behind the piece that failed, or stop.
  [[nodiscard]] Iterator begin() const {
    return {tasks_, ordered_, &detail::read_result<std::vector<R>>};
  }

  [[nodiscard]] std::default_sentinel_t end() const { return {}; }

  // The same as results come; those of one piece stay together, in order.
  [[nodiscard]] detail::UnorderedResults<R> unordered() const {
    return {tasks_, &detail::read_result<std::vector<R>>};
  }

 private:
  friend class detail::Completion<AsyncMapResult<R>>;

  void add_outcomes(std::size_t task, std::vector<Outcome<R>>& out) const {
    if (const std::exception_ptr failure = tasks_.failure(task)) {
      for (std::size_t i = 0; i < (*sizes_)[task]; ++i) out.emplace_back(failure);
    } else if constexpr (std::is_void_v<R>) {
      for (std::size_t i = 0; i < (*sizes_)[task]; ++i) out.push_back(Outcome<void>::of([] {}));
    } else {
      for (auto&& value : detail::read_result<std::vector<R>>(tasks_, task))
        out.emplace_back(static_cast<R>(std::move(value)));
    }
  }

  std::shared_ptr<const std::vector<std::size_t>> sizes_;  // shared by the copies of this handle
  bool ordered_ = true;
};

}  // namespace roundhouse
