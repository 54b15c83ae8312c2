#include <stdexcept>
#include <utility>

#include "client/progress.hpp"
#include <roundhouse/async_tasks.hpp>

namespace roundhouse {

bool AsyncTasks::wait_interactive(const InteractiveOptions& options) const {
  return detail::watch(
      {task_count(), [this] { return progress(); }, [this](Timeout pause) { return wait(pause); }},
      options);
}

bool AsyncTasks::successful() const {
  if (!ready())
    throw Exception(Errc::invalid, "the result is not ready: successful() is not known");
  for (std::size_t i = 0; i < tasks_.size(); ++i)
    if (!tasks_.ok(i)) return false;
  return true;
}

Metadata AsyncTasks::metadata(std::size_t index) const {
  if (index >= tasks_.size()) throw std::out_of_range("metadata: this result has fewer tasks");
  return tasks_.metadata(index);
}

std::vector<Metadata> AsyncTasks::all_metadata() const {
  std::vector<Metadata> out;
  out.reserve(tasks_.size());
  for (std::size_t i = 0; i < tasks_.size(); ++i) out.push_back(tasks_.metadata(i));
  return out;
}

std::vector<std::string> AsyncTasks::texts_of(std::string Metadata::*text) const {
  std::vector<std::string> out;
  for (Metadata& task : all_metadata()) out.push_back(std::move(task.*text));
  return out;
}

std::vector<std::string> AsyncTasks::msg_ids() const {
  std::vector<std::string> out;
  out.reserve(tasks_.size());
  for (std::size_t i = 0; i < tasks_.size(); ++i) out.push_back(tasks_.msg_id(i));
  return out;
}

void AsyncTasks::on_output(std::function<void(const OutputPart&)> call) const {
  tasks_.on_output(std::move(call));
}

void AsyncTasks::require_done(Timeout timeout) const {
  if (tasks_.wait(timeout)) return;
  const std::string pause = tasks_.pause();
  throw TimeoutError(std::to_string(tasks_.size() - tasks_.done()) + " of " +
                     std::to_string(tasks_.size()) + " tasks are not done; they go on" +
                     (pause.empty() ? "" : ". Meanwhile " + pause));
}

}  // namespace roundhouse
