#include "client/process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <roundhouse/error.hpp>

extern char** environ;

namespace roundhouse::detail {
namespace {

[[noreturn]] void fail(const std::string& what, int error) {
  throw Exception(Errc::io_failed, what + ": " + std::strerror(error));
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& changes) {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (!changes.contains(std::string(text.substr(0, text.find('='))))) out.emplace_back(text);
  }
  for (const auto& [name, value] : changes) out.push_back(name + "=" + value);
  return out;
}

// What the child needs, made before the fork: behind it only async-signal-safe calls are allowed.
struct Prepared {
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::vector<char*> argv;
  std::vector<char*> envp;
  std::array<int, 3> standard{};
  std::vector<int> keep;  // ascending
  bool own_group = false;
  bool own_session = false;
  bool dies_with_parent = false;
  pid_t parent = 0;
  int error_fd = -1;
};

// close_range(2) marks them instead of closing them: the pipe for errors is needed until exec.
constexpr unsigned kCloexec = 1U << 2U;

[[noreturn]] void give_up(const Prepared& with) {
  const int error = errno;
  [[maybe_unused]] const auto written = ::write(with.error_fd, &error, sizeof error);
  ::_exit(127);
}

void close_others(const Prepared& with) {
  unsigned from = 3;
  for (const int fd : with.keep) {
    const auto kept = static_cast<unsigned>(fd);
    if (kept > from) ::close_range(from, kept - 1, kCloexec);
    from = kept + 1;
  }
  ::close_range(from, ~0U, kCloexec);
}

[[noreturn]] void become(const Prepared& with) {
  if (with.own_session) {
    ::setsid();
    // The session's leader ends at once: nobody has to wait for its child, and no terminal comes
    // back.
    const pid_t second = ::fork();
    if (second < 0) give_up(with);
    if (second > 0) ::_exit(0);
  }
  if (with.own_group) ::setpgid(0, 0);
  if (with.dies_with_parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != with.parent) ::_exit(0);
  }
  // Out of the way of 0, 1 and 2 first.
  std::array<int, 3> high{};
  for (std::size_t i = 0; i < 3; ++i) {
    high[i] = with.standard[i] >= 0 ? ::fcntl(with.standard[i], F_DUPFD_CLOEXEC, 3) : -1;
    if (with.standard[i] >= 0 && high[i] < 0) give_up(with);
  }
  for (int i = 0; i < 3; ++i) {
    const int from = high[static_cast<std::size_t>(i)];
    const int fd = from >= 0 ? from : ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0 || (fd == i ? ::fcntl(fd, F_SETFD, 0) : ::dup2(fd, i)) < 0) give_up(with);
  }
  close_others(with);
  for (const int fd : with.keep) ::fcntl(fd, F_SETFD, 0);
  for (int signal = 1; signal < SIGRTMAX; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(with.argv[0], with.argv.data(), with.envp.data());
  give_up(with);
}

Prepared prepare(const SpawnOptions& options, int error_fd) {
  Prepared out;
  out.arguments = options.argv;
  out.environment = environment_with(options.environment);
  out.argv = pointers_to(out.arguments);
  out.envp = pointers_to(out.environment);
  out.standard = {options.in, options.out, options.err};
  out.keep = options.keep;
  std::sort(out.keep.begin(), out.keep.end());
  out.own_group = options.own_group;
  out.own_session = options.own_session;
  out.dies_with_parent = options.dies_with_parent;
  out.parent = ::getpid();
  out.error_fd = error_fd;
  return out;
}

}  // namespace

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("cannot make a pipe", errno);
  return {Fd(ends[0]), Fd(ends[1])};
}

std::optional<ProcessIdentity> identity_of(pid_t pid) {
  if (pid <= 0) return std::nullopt;
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::stringstream text;
  text << file.rdbuf();
  // The name in parentheses may hold anything: what follows begins behind the last one.
  const std::string stat = text.str();
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(stat.substr(name_end + 1));
  std::string field;
  constexpr int kStartTime = 20;  // counted from the state, which is field 3
  for (int i = 1; fields >> field; ++i) {
    if (i == 1 && (field == "Z" || field == "X")) return std::nullopt;
    if (i == kStartTime) return ProcessIdentity{pid, std::strtoull(field.c_str(), nullptr, 10)};
  }
  return std::nullopt;
}

bool is_alive(const ProcessIdentity& process) {
  const auto now = identity_of(process.pid);
  return now && *now == process;
}

void write_pid_file(int fd, const ProcessIdentity& process) {
  const std::string text =
      std::to_string(process.pid) + " " + std::to_string(process.start_time) + "\n";
  if (::ftruncate(fd, 0) != 0 ||
      ::pwrite(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    fail("cannot write a pid file", errno);
}

std::optional<ProcessIdentity> read_pid_file(const std::string& path) {
  std::ifstream file(path);
  ProcessIdentity out;
  if (!(file >> out.pid >> out.start_time)) return std::nullopt;
  return out;
}

std::string find_program(const std::string& name) {
  std::error_code ignored;
  const auto is_program = [&ignored](const std::string& path) {
    return ::access(path.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(path, ignored);
  };
  // Who names the folder means it: no other one is looked into.
  if (const char* folder = std::getenv("ROUNDHOUSE_BINDIR"); folder != nullptr && *folder != 0) {
    std::string path = folder + ("/" + name);
    if (is_program(path)) return path;
    throw Exception(Errc::not_connected, "the program " + name + " is not in " + folder +
                                             ", which ROUNDHOUSE_BINDIR names");
  }
  std::vector<std::string> places;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", ignored);
  if (!ignored) places.push_back(self.parent_path().string());
  if (const char* path = std::getenv("PATH")) {
    std::istringstream folders(path);
    for (std::string folder; std::getline(folders, folder, ':');)
      if (!folder.empty()) places.push_back(folder);
  }
  for (const std::string& place : places) {
    std::string candidate = place + "/" + name;
    if (is_program(candidate)) return candidate;
  }
  throw Exception(Errc::not_connected, "the program " + name +
                                           " is neither beside this program nor in $PATH: "
                                           "ROUNDHOUSE_BINDIR can name its folder");
}

pid_t spawn(const SpawnOptions& options) {
  Pipe failure = make_pipe();
  const Prepared prepared = prepare(options, failure.write.get());
  const pid_t pid = ::fork();
  if (pid < 0) fail("cannot start a process", errno);
  if (pid == 0) become(prepared);
  failure.write.reset();
  if (options.own_session)
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  int error = 0;
  ssize_t count = 0;
  while ((count = ::read(failure.read.get(), &error, sizeof error)) < 0 && errno == EINTR) {
  }
  if (count == sizeof error) {
    if (!options.own_session) ::waitpid(pid, nullptr, 0);
    fail("cannot run " + options.argv.front(), error);
  }
  return options.own_session ? 0 : pid;
}

std::uint64_t size_of(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

std::string tail_of(const std::string& path, std::uint64_t offset, std::size_t lines) {
  constexpr std::uint64_t kBytesMax = 8192;
  const std::uint64_t size = size_of(path);
  if (size <= offset) return {};
  std::ifstream file(path);
  file.seekg(static_cast<std::streamoff>(std::max(offset, size - std::min(size, kBytesMax))));
  std::vector<std::string> all;
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) all.push_back(line);
  std::string out;
  for (std::size_t i = all.size() - std::min(all.size(), lines); i < all.size(); ++i)
    out += (out.empty() ? "" : "\n") + all[i];
  return out;
}

}  // namespace roundhouse::detail
