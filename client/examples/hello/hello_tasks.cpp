#include "hello_tasks.hpp"

#include <roundhouse/task.hpp>

std::string greet(const std::string& name) {
  const auto engine = roundhouse::this_engine::id();
  return "Hello, " + name + ", from engine " + std::to_string(engine);
}

RH_TASK(greet)
