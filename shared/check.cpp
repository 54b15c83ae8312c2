#include "shared/check.hpp"

#include <cstdio>
#include <cstdlib>

#include <execinfo.h>
#include <unistd.h>

namespace roundhouse {

void check_failed(const char* expression, const char* file, int line, std::string_view message) {
  std::fprintf(stderr, "check failed: %s\n  at %s:%d\n", expression, file, line);
  if (!message.empty()) {
    std::fprintf(stderr, "  %.*s\n", static_cast<int>(message.size()), message.data());
  }
  std::fflush(stderr);
  // backtrace_symbols_fd allocates nothing, so it works even when the heap is what broke.
  void* frames[64];
  backtrace_symbols_fd(frames, backtrace(frames, 64), STDERR_FILENO);
  std::abort();
}

}  // namespace roundhouse
