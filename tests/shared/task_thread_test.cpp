#include "shared/task_thread.hpp"

#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include <roundhouse/error.hpp>

namespace roundhouse {
namespace {

// Writes down what happens to it.
class Task final : public TaskThread {
 public:
  [[nodiscard]] std::uint32_t depth() const noexcept override { return 3; }

  [[nodiscard]] bool asked_to_stop() const noexcept override { return false; }

  std::string story;
  bool full = false;

 private:
  void lend(std::function<void()> wake) override {
    if (full) throw Exception(Errc::over_quota, "full");
    story += "lends ";
    wake();
  }

  void take_back() noexcept override { story += "back "; }
};

TEST_CASE("a thread has a task while it runs it, and no other thread has it") {
  CHECK(TaskThread::current() == nullptr);
  Task task;
  {
    const TaskThread::Scope scope(task);
    CHECK(TaskThread::current() == &task);
    std::thread([] { CHECK(TaskThread::current() == nullptr); }).join();
    Task inner;
    {
      const TaskThread::Scope nested(inner);
      CHECK(TaskThread::current() == &inner);
    }
    CHECK(TaskThread::current() == &task);
  }
  CHECK(TaskThread::current() == nullptr);
}

TEST_CASE("what a task holds is let go before its slot, and taken again behind it") {
  Task task;
  const TaskThread::Scope scope(task);
  const auto holds = [&task](const std::string& name) {
    return std::pair{[&task, name] { task.story += "-" + name + " "; },
                     [&task, name] { task.story += "+" + name + " "; }};
  };
  const auto [let_a, take_a] = holds("a");
  const TaskThread::Held a(let_a, take_a);
  {
    const auto [let_b, take_b] = holds("b");
    const TaskThread::Held b(let_b, take_b);
    const TaskThread::Waiting waiting(task, [&task] { task.story += "woken "; });
  }
  CHECK(task.story == "-b -a lends woken back +a +b ");
  task.story.clear();
  {
    const TaskThread::Waiting waiting(task, [] {});
  }
  CHECK(task.story == "-a lends back +a ");
}

TEST_CASE("where no more may wait the task has all that it held") {
  Task task;
  const TaskThread::Scope scope(task);
  const TaskThread::Held held([&task] { task.story += "- "; }, [&task] { task.story += "+ "; });
  task.full = true;
  CHECK_THROWS_AS(TaskThread::Waiting(task, [] {}), Exception);
  CHECK(task.story == "- + ");
}

TEST_CASE("what a thread without a task holds is nobody's") {
  const TaskThread::Held held([] { FAIL("let go"); }, [] { FAIL("taken"); });
  Task task;
  const TaskThread::Waiting waiting(task, [] {});
  CHECK(task.story == "lends ");
}

}  // namespace
}  // namespace roundhouse
