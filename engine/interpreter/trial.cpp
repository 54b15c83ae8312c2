#include "engine/interpreter/trial.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <new>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <llvm/Support/ErrorHandling.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/clock.hpp"
#include "shared/fd.hpp"

namespace roundhouse::engine::interpreter {

namespace {

// Answers end with this, so that half of one is none.
constexpr char kWhole = '\x04';

// And this is one that takes no memory.
constexpr char kNoMemory = '\x15';

// What the parent needs beyond what the child took: machine code is made by nobody else.
constexpr std::size_t kReserve = std::size_t{16} << 20;

// In the child: where answers go.
int to_parent = -1;

[[noreturn]] void answer_no_memory() noexcept {
  static_cast<void>(::write(to_parent, &kNoMemory, 1));
  ::_exit(1);
}

// Without memory a stack cannot grow, and exceptions end where none may be thrown.
void on_fatal_signal(int signal) {
  if (::mmap(nullptr, kReserve, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
    answer_no_memory();
  ::raise(signal);  // again, when this returns
}

void watch_fatal_signals() {
  static std::array<char, std::size_t{64} << 10> stack;
  const stack_t alternative{stack.data(), 0, stack.size()};
  ::sigaltstack(&alternative, nullptr);

  struct sigaction action {};

  action.sa_handler = &on_fatal_signal;
  action.sa_flags = SA_ONSTACK | static_cast<int>(SA_RESETHAND);
  for (const int fatal : {SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE})
    ::sigaction(fatal, &action, nullptr);
  std::signal(SIGPIPE, SIG_DFL);
}

[[noreturn]] void work_in_child(const Trial::Work& work) noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  watch_fatal_signals();
  std::set_new_handler(answer_no_memory);
  llvm::install_bad_alloc_error_handler([](void*, const char*, bool) { answer_no_memory(); });
  const Trial::AnswerNow answer_now = [](const std::string& answer) {
    static_cast<void>(write_all(to_parent, answer + kWhole));
    ::close(to_parent);  // its end is slower than its answer
    ::_exit(0);
  };
  try {
    const std::string answer = work(answer_now);
    void* const reserve = std::malloc(kReserve);
    if (reserve == nullptr) answer_no_memory();
    std::free(reserve);
    answer_now(answer);
  } catch (const std::bad_alloc&) {
    answer_no_memory();
  } catch (...) {  // nothing may leave this: the caller's frames are the parent's
  }
  ::_exit(1);
}

}  // namespace

Trial::Trial(const Work& work) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "no pipe for a compiler's child");
  child_ = ::fork();
  if (child_ < 0) {
    const int why = errno;
    ::close(ends[0]);
    ::close(ends[1]);
    if (why == ENOMEM) throw std::bad_alloc();
    throw std::system_error(why, std::generic_category(), "no process for a compiler's child");
  }
  if (child_ == 0) {
    to_parent = ends[1];
    work_in_child(work);
  }
  ::close(ends[1]);
  from_child_ = ends[0];
}

Trial::~Trial() {
  ::close(from_child_);
  ::kill(child_, SIGKILL);
  while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::optional<std::string> Trial::answer(std::chrono::milliseconds limit) {
  const TimePoint until = steady_now() + limit;
  std::string out;
  std::array<char, 4096> part{};
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - steady_now()).count();
    if (left <= 0) {
      silence_ = Silence::late;
      return std::nullopt;
    }
    pollfd readable{from_child_, POLLIN, 0};
    if (::poll(&readable, 1, static_cast<int>(left)) <= 0) continue;
    const ssize_t got = ::read(from_child_, part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    out.append(part.data(), static_cast<std::size_t>(got));
  }
  if (!out.empty() && out.back() == kNoMemory) silence_ = Silence::no_memory;
  if (out.empty() || out.back() != kWhole) return std::nullopt;
  out.pop_back();
  return out;
}

}  // namespace roundhouse::engine::interpreter
