#include "engine/command_process.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/clock.hpp"
#include "shared/fd.hpp"

namespace roundhouse::engine {
namespace {

constexpr int kStreams = 3;
constexpr std::size_t kReadBytes = 64U << 10U;
constexpr int kNotRun = 127;  // exit code of what never became its program

// Never one of the standard streams, also where ours are closed.
Fd above_streams(int fd) {
  if (fd < 0 || fd >= kStreams) return Fd(fd);
  const Fd low(fd);
  return Fd(fcntl(fd, F_DUPFD_CLOEXEC, kStreams));
}

// Standard output or standard error of the program.
struct Stream {
  Fd ours;
  Fd theirs;

  [[nodiscard]] bool make() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    ours = above_streams(ends[0]);
    theirs = above_streams(ends[1]);
    return ours && theirs;
  }
};

bool open_input(std::string_view input, Fd& out) {
  out = above_streams(memfd_create("stdin", MFD_CLOEXEC));
  return out && write_all(out.get(), input) && lseek(out.get(), 0, SEEK_SET) == 0;
}

// Standard input of all that have none. Negative: it could not be opened.
int no_input() {
  static const Fd null = above_streams(open("/dev/null", O_RDONLY | O_CLOEXEC));
  return null.get();
}

// As exec wants them, which leaves them alone; behind those that are given.
std::vector<char*> pointers_to(std::vector<std::string>& texts, std::vector<char*> out = {}) {
  out.reserve(out.size() + texts.size() + 1);
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// Everything that the child needs, made before it is there: it shares our memory until it has
// become its program, and may call only what is safe there.
struct Launch {
  const std::vector<char*>& programs;
  char* const* words;
  char* const* environment;
  const char* folder;  // null: ours
  std::array<int, kStreams> streams;
  pid_t parent;
  SignalSet signals;
  CommandCell& cell;
};

[[noreturn]] void give_up(CommandCell& cell, CommandStep step, int error) {
  cell.error.store(error);
  cell.step.store(static_cast<std::int32_t>(step));
  _exit(kNotRun);
}

[[noreturn]] void become(const Launch& launch) {
  setpgid(0, 0);
  launch.cell.group.store(getpid());
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != launch.parent) _exit(kNotRun);  // it died before we asked

  struct sigaction by_default {};

  by_default.sa_handler = SIG_DFL;
  for (SignalSet rest = launch.signals; rest != 0; rest &= rest - 1)
    sigaction(std::countr_zero(rest) + 1, &by_default, nullptr);
  for (int fd = 0; fd < kStreams; ++fd) dup2(launch.streams[static_cast<std::size_t>(fd)], fd);
  close_range(kStreams, ~0U, 0);
  if (launch.folder != nullptr && chdir(launch.folder) != 0)
    give_up(launch.cell, CommandStep::folder, errno);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  int error = ENOENT;
  for (const char* program : launch.programs) {
    if (program == nullptr) break;
    execve(program, launch.words, launch.environment);
    if (errno != ENOENT && errno != ENOTDIR) error = errno;
    if (error != ENOENT && error != EACCES) break;
  }
  give_up(launch.cell, CommandStep::program, error);
}

// A process that has our memory until it becomes its program: a fork would copy the tables of all
// of it. Signals wait meanwhile, so that no handler of ours runs in it.
[[gnu::noinline]] pid_t spawn(const Launch& launch) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  // What it calls from here on neither returns nor allocates.
  const pid_t pid = vfork();  // NOLINT(clang-analyzer-security.insecureAPI.vfork)
  if (pid == 0) become(launch);
  const int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

// Reads what is there. After the end of the stream it is closed. Precondition: it is readable.
void drain(Fd& stream, CommandOutput& out, std::uint32_t number, const CommandPlan::Heard& heard) {
  std::array<char, kReadBytes> buffer;
  ssize_t got = 0;
  do got = read(stream.get(), buffer.data(), buffer.size());
  while (got < 0 && errno == EINTR);
  if (got <= 0) return stream.reset();
  const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
  out.append(bytes);
  if (heard) heard(number, bytes);
}

bool has_exited(pid_t pid) {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
         info.si_pid != 0;
}

// Stops a group in two steps.
class Stopping {
 public:
  Stopping(pid_t group, const std::atomic<bool>* stop, Duration grace)
      : group_(group), stop_(stop), grace_(grace) {}

  void look(TimePoint now) {
    if (stop_ == nullptr || killed_) return;
    if (!kill_at_) {
      if (!stop_->load(std::memory_order_relaxed)) return;
      kill_at_ = now + grace_;
      kill(-group_, SIGTERM);
      kill(-group_, SIGCONT);  // one that was stopped hears of it
    }
    if (now < *kill_at_) return;
    killed_ = true;
    kill(-group_, SIGKILL);
  }

  [[nodiscard]] std::optional<TimePoint> kill_at() const { return kill_at_; }

 private:
  pid_t group_;
  const std::atomic<bool>* stop_;
  Duration grace_;
  std::optional<TimePoint> kill_at_;
  bool killed_ = false;
};

// Until the program has exited, and its output has ended or had time to. Its ends of the pipes are
// kept until then, so that nobody is woken by their ends just before.
void watch(pid_t pid, Stream& out_stream, Stream& err_stream, Stopping stopping,
           const CommandPlan::Heard& heard, CommandOutput& out, CommandOutput& err) {
  const Fd ended = above_streams(open_process(pid).release());
  std::optional<TimePoint> over;  // once it has exited: until when its output is waited for
  while (!over || out_stream.ours || err_stream.ours) {
    std::array<pollfd, 3> items{pollfd{out_stream.ours.get(), POLLIN, 0},
                                pollfd{err_stream.ours.get(), POLLIN, 0},
                                pollfd{over ? -1 : ended.get(), POLLIN, 0}};
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(kStopLook);
    poll(items.data(), items.size(), static_cast<int>(wait.count()));
    if (items[0].revents != 0) drain(out_stream.ours, out, 0, heard);
    if (items[1].revents != 0) drain(err_stream.ours, err, 1, heard);
    const TimePoint now = steady_now();
    if (over && now >= *over) return;
    if (over) continue;
    stopping.look(now);
    if (items[2].revents == 0 && (ended || !has_exited(pid))) continue;
    over = std::max(now + kLeftoverGrace, stopping.kill_at().value_or(now));
    out_stream.theirs.reset();
    err_stream.theirs.reset();
  }
}

Duration to_duration(const timeval& time) {
  return std::chrono::seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
}

// The program has exited, and so its number still means its group: what is left of that goes first.
CommandEnd reap(pid_t pid, CommandCell& cell) {
  kill(-pid, SIGKILL);
  cell.group.store(CommandCell::kTaken);
  CommandEnd end;
  int status = 0;
  rusage usage{};
  while (wait4(pid, &status, 0, &usage) != pid) {
    if (errno == EINTR) continue;
    return {CommandStep::status, errno};
  }
  if (const auto step = static_cast<CommandStep>(cell.step.load()); step != CommandStep::none)
    return {step, cell.error.load()};
  end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  end.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + end.signal;
  end.user = to_duration(usage.ru_utime);
  end.system = to_duration(usage.ru_stime);
  end.max_rss_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  return end;
}

}  // namespace

CommandEnd run_command(CommandPlan plan, CommandCell& cell, const std::atomic<bool>* stop,
                       CommandOutput& out, CommandOutput& err) {
  cell.step.store(0);
  Fd input;
  Stream out_stream;
  Stream err_stream;
  const bool has_input = plan.input.empty() ? no_input() >= 0 : open_input(plan.input, input);
  if (!has_input || !out_stream.make() || !err_stream.make()) return {CommandStep::process, errno};
  const std::vector<char*> programs = pointers_to(plan.programs);
  const pid_t pid =
      spawn({programs,
             pointers_to(plan.words).data(),
             pointers_to(plan.environment, std::move(plan.inherited)).data(),
             plan.folder.empty() ? nullptr : plan.folder.c_str(),
             {input ? input.get() : no_input(), out_stream.theirs.get(), err_stream.theirs.get()},
             getpid(),
             plan.changed,
             cell});
  if (pid < 0) return {CommandStep::process, errno};
  input.reset();
  watch(pid, out_stream, err_stream, {pid, stop, plan.grace}, plan.heard, out, err);
  return reap(pid, cell);
}

}  // namespace roundhouse::engine
