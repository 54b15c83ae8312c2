#include "engine/process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/fd.hpp"

namespace roundhouse::engine {
namespace {

void close_and_forget(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

// All descriptors of the pipes of tasks.
template <class Inherited>
auto pipe_ends(Inherited& inheritance) {
  auto& [out, err] = inheritance.pipes;
  return std::array{&out.read, &out.write, &out.taken_read, &out.taken_write,
                    &err.read, &err.write, &err.taken_read, &err.taken_write};
}

struct WatchedPipe {
  int read = -1;
  int write = -1;

  WatchedPipe() = default;
  WatchedPipe(const WatchedPipe&) = delete;
  WatchedPipe& operator=(const WatchedPipe&) = delete;

  ~WatchedPipe() {
    close_and_forget(read);
    close_and_forget(write);
  }

  // Both ends are closed on exec; reading never blocks.
  [[nodiscard]] bool open() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read = ends[0];
    write = ends[1];
    return fcntl(read, F_SETFL, O_NONBLOCK) == 0;
  }
};

template <class T>
bool take_number(std::string_view& text, T& out) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out);
  if (parsed.ec != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  if (text.starts_with(',')) text.remove_prefix(1);
  return true;
}

// Between fork and exec: only what is safe in a child of a process with threads.
[[noreturn]] void become(const char* program, char* const* arguments, int input_fd, int error_fd,
                         const Inheritance& inheritance) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  setpgid(0, 0);
  dup2(input_fd, STDIN_FILENO);
  dup2(error_fd, STDOUT_FILENO);
  dup2(error_fd, STDERR_FILENO);
  fcntl(inheritance.ready_fd, F_SETFD, 0);
  for (const int* fd : pipe_ends(inheritance)) fcntl(*fd, F_SETFD, 0);
  execv(program, arguments);
  constexpr std::string_view kText = "roundhouse-engine: the engine process cannot be run\n";
  static_cast<void>(!write(STDERR_FILENO, kText.data(), kText.size()));
  _exit(127);
}

}  // namespace

std::string to_text(const Inheritance& i) {
  std::string pipes;
  for (const int* fd : pipe_ends(i)) pipes += std::to_string(*fd) + ',';
  return std::to_string(i.page_fd) + ',' + std::to_string(i.ready_fd) + ',' + pipes +
         std::to_string(i.nanny_pid) + ',' + std::to_string(i.incarnation) + ',' +
         std::to_string(i.epoch) + ',' + to_string(i.uuid);
}

std::optional<Inheritance> parse_inheritance(std::string_view text) {
  Inheritance out;
  bool numbers = take_number(text, out.page_fd) && take_number(text, out.ready_fd);
  for (int* fd : pipe_ends(out)) numbers = numbers && take_number(text, *fd);
  numbers = numbers && take_number(text, out.nanny_pid) && take_number(text, out.incarnation) &&
            take_number(text, out.epoch);
  if (!numbers) return std::nullopt;
  const auto uuid = parse_uuid(text);
  if (!uuid) return std::nullopt;
  out.uuid = *uuid;
  return out;
}

bool die_with_nanny(std::int64_t nanny_pid) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  return getppid() == nanny_pid;  // it may have died before we asked
}

Result<Process> Process::start(const std::string& program, std::vector<std::string> arguments,
                               Inheritance inheritance, int page_fd) {
  WatchedPipe output;
  WatchedPipe ready;
  std::array<WatchedPipe, 4> tasks;
  // In a group of its own it could not read from a terminal.
  const Fd input(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!input || !output.open() || !ready.open() ||
      !std::ranges::all_of(tasks, [](WatchedPipe& pipe) { return pipe.open(); }))
    return Error{Errc::io_failed,
                 std::string("no pipe for the engine process: ") + std::strerror(errno)};
  inheritance.page_fd = page_fd;
  inheritance.ready_fd = ready.write;
  inheritance.pipes = {{{tasks[0].read, tasks[0].write, tasks[1].read, tasks[1].write},
                        {tasks[2].read, tasks[2].write, tasks[3].read, tasks[3].write}}};
  inheritance.nanny_pid = getpid();
  arguments.emplace_back(kInheritFlag);
  arguments.push_back(to_text(inheritance));
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const pid_t pid = fork();
  if (pid < 0)
    return Error{Errc::io_failed, std::string("no engine process: ") + std::strerror(errno)};
  if (pid == 0) become(program.c_str(), pointers.data(), input.get(), output.write, inheritance);
  setpgid(pid, pid);  // whoever of the two is first
  std::array<int, 4> rest{};
  for (std::size_t i = 0; i < tasks.size(); ++i) rest[i] = std::exchange(tasks[i].read, -1);
  return Process(pid, std::exchange(output.read, -1), std::exchange(ready.read, -1), rest);
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      output_(std::exchange(other.output_, -1)),
      ready_(std::exchange(other.ready_, -1)),
      rest_(std::exchange(other.rest_, {-1, -1, -1, -1})),
      kept_(std::move(other.kept_)) {}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(output_, other.output_);
  std::swap(ready_, other.ready_);
  std::swap(rest_, other.rest_);
  std::swap(kept_, other.kept_);
  return *this;
}

Process::~Process() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    siginfo_t info{};
    waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
    static_cast<void>(reap());
  }
  close_and_forget(output_);
  close_and_forget(ready_);
  for (int& fd : rest_) close_and_forget(fd);
}

void Process::send_signal(int signal) const {
  if (pid_ > 0) kill(pid_, signal);
}

std::optional<ExitStatus> Process::poll_exit() {
  siginfo_t info{};
  if (pid_ <= 0 || waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0)
    return std::nullopt;
  if (info.si_pid != pid_) return std::nullopt;
  return reap();
}

// It has ended, and until it is reaped its number means its group: what tasks have started and left
// there goes first.
ExitStatus Process::reap() {
  int status = 0;
  kill(-pid_, SIGKILL);
  waitpid(std::exchange(pid_, -1), &status, 0);
  if (WIFSIGNALED(status)) return ExitStatus{WTERMSIG(status), 0};
  return ExitStatus{0, WEXITSTATUS(status)};
}

void Process::pump_output() {
  pump(output_);
}

PipeRests Process::pump_rest() {
  pump(output_);
  PipeRests out;
  for (std::size_t stream = 0; stream < out.size(); ++stream) {
    out[stream].taken = pump_now(rest_[2 * stream + 1]);
    out[stream].unread = pump_now(rest_[2 * stream]);
  }
  return out;
}

void Process::pump(int& fd) {
  std::array<char, 4096> buffer;
  while (fd >= 0) {
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return;
    if (got == 0) return close_and_forget(fd);
    pass_on({buffer.data(), static_cast<std::size_t>(got)});
  }
}

// What is in the pipe at this moment.
std::string Process::pump_now(int fd) {
  int size = 0;
  if (fd < 0 || ioctl(fd, FIONREAD, &size) != 0 || size <= 0) return {};
  std::string out = read_up_to(fd, static_cast<std::size_t>(size)).value_or(std::string());
  pass_on(out);
  return out;
}

void Process::pass_on(std::string_view bytes) {
  static_cast<void>(!write(STDERR_FILENO, bytes.data(), bytes.size()));
  kept_.append(bytes);
  if (kept_.size() > kOutputKeptBytes) kept_.erase(0, kept_.size() - kOutputKeptBytes);
}

bool Process::take_ready() {
  std::array<char, 16> buffer;
  if (ready_ < 0) return false;
  const ssize_t got = read(ready_, buffer.data(), buffer.size());
  if (got < 0) return false;
  close_and_forget(ready_);
  return got > 0;
}

}  // namespace roundhouse::engine
