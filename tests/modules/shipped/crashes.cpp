// A module that kills whoever loads it.
#include <csignal>

#include <roundhouse/task.hpp>

namespace {

const int raised = ::raise(SIGABRT);

int never() {
  return raised;
}

}  // namespace

RH_TASK(never)
RH_MODULE("crashes")
