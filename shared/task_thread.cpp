#include "shared/task_thread.hpp"

#include <algorithm>
#include <utility>

namespace roundhouse {
namespace {

thread_local TaskThread* current_task = nullptr;

}  // namespace

TaskThread* TaskThread::current() noexcept {
  return current_task;
}

TaskThread::Scope::Scope(TaskThread& task) noexcept : outer_(std::exchange(current_task, &task)) {}

TaskThread::Scope::~Scope() {
  current_task = outer_;
}

TaskThread::Held::Held(std::function<void()> let_go, std::function<void()> take_again)
    : task_(current_task), let_go_(std::move(let_go)), take_again_(std::move(take_again)) {
  if (task_ != nullptr) task_->held_.push_back(this);
}

TaskThread::Held::~Held() {
  if (task_ != nullptr) std::erase(task_->held_, this);
}

void TaskThread::take_held_again() noexcept {
  for (const Held* held : held_) held->take_again_();
}

TaskThread::Waiting::Waiting(TaskThread& task, std::function<void()> wake) : task_(task) {
  for (auto held = task.held_.rbegin(); held != task.held_.rend(); ++held) (*held)->let_go_();
  try {
    task.lend(std::move(wake));
  } catch (...) {
    task.take_held_again();
    throw;
  }
}

TaskThread::Waiting::~Waiting() {
  task_.take_back();
  task_.take_held_again();
}

}  // namespace roundhouse
