#include "hub/core/task_table.hpp"

#include <doctest/doctest.h>

using namespace roundhouse::hub;

TEST_CASE("a task's reference stays good while others come and go") {
  TaskTable table;
  const TaskIndex first = table.create();
  Task& task = table.get(first);
  task.sequence = 42;
  for (TaskIndex i = 1; i <= 5000; ++i) CHECK(table.create() == i);
  CHECK(&table.get(first) == &task);
  CHECK(table.size() == 5001);
}

TEST_CASE("a released index is used again, clean") {
  TaskTable table;
  const TaskIndex index = table.create();
  table.get(index).failures = 3;
  table.release(index);
  CHECK(table.size() == 0);
  CHECK(table.create() == index);
  CHECK(table.get(index).failures == 0);
}

TEST_CASE("a task keeps the hub's promise on memory") {
  CHECK(sizeof(Task) <= 144);  // with the share of its batch well below 400 bytes per queued task
}
