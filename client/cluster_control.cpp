#include "client/cluster_control.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/supervisor.hpp"
#include "shared/clock.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse {
namespace {

using detail::Fd;
using detail::ProcessIdentity;

constexpr std::chrono::milliseconds kPause{10};
// What the supervisor itself may take longer than it allows for its children.
constexpr Duration kSlack = std::chrono::seconds{25};
constexpr Duration kKillMax = std::chrono::seconds{5};

// One line from the supervisor: what it says when it is done. Throws what it reports.
void await_report(int fd, TimePoint deadline, const std::string& silence) {
  std::string line;
  while (line.find('\n') == std::string::npos) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_now());
    pollfd item{fd, POLLIN, 0};
    const int ready = ::poll(&item, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) throw TimeoutError(silence);
    std::array<char, 1024> buffer{};
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw Exception(Errc::not_connected, "the supervisor ended without a word");
    line.append(buffer.data(), static_cast<std::size_t>(count));
  }
  line.resize(line.find('\n'));
  if (line == "ready") return;
  const std::size_t space = line.find(' ');
  const Errc code = errc_from_string(line.substr(0, space)).value_or(Errc::internal);
  raise({code, space == std::string::npos ? line : line.substr(space + 1)});
}

// Found out here, because of an engine's refusal only its last words come back. What the library
// is good for only an engine can say.
void require_shared_library(const std::string& path) {
  constexpr std::string_view kElf =
      "\x7f"
      "ELF";
  std::array<char, kElf.size()> head{};
  std::ifstream(path, std::ios::binary).read(head.data(), head.size());
  if (std::string_view(head.data(), head.size()) != kElf)
    throw Exception(Errc::unknown_module,
                    path +
                        " is no module (no shared library): give the .so that "
                        "roundhouse_add_module() builds");
}

// Engines run elsewhere than where the caller is.
ClusterOptions with_absolute_paths(ClusterOptions options) {
  for (std::string& module : options.modules) {
    std::error_code error;
    const auto path = std::filesystem::absolute(module, error);
    if (error || !std::filesystem::exists(path, error))
      throw Exception(Errc::unknown_module, "there is no module " + module);
    require_shared_library(module);
    module = path.string();
  }
  for (std::string* file : {&options.hub_config, &options.engine_config})
    if (!file->empty()) *file = std::filesystem::absolute(*file).string();
  return options;
}

RunDir run_dir_of(const std::string& name) {
  return RunDir::locate(name).or_throw();
}

bool wait_until_gone(const ProcessIdentity& process, TimePoint deadline) {
  while (detail::is_alive(process)) {
    if (steady_now() >= deadline) return false;
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

std::vector<ProcessIdentity> children_of(pid_t pid) {
  const std::string task = "/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid);
  std::ifstream file(task + "/children");
  std::vector<ProcessIdentity> out;
  for (pid_t child = 0; file >> child;)
    if (const auto identity = detail::identity_of(child)) out.push_back(*identity);
  return out;
}

// The supervisor did not manage to stop everything: no more asking.
void kill_all(const ProcessIdentity& supervisor, const std::string& name) {
  const std::vector<ProcessIdentity> children = children_of(supervisor.pid);
  ::kill(supervisor.pid, SIGKILL);
  for (const ProcessIdentity& child : children)
    if (detail::is_alive(child) && ::kill(-child.pid, SIGKILL) != 0) ::kill(child.pid, SIGKILL);
  const TimePoint deadline = steady_now() + kKillMax;
  bool gone = wait_until_gone(supervisor, deadline);
  for (const ProcessIdentity& child : children) gone = wait_until_gone(child, deadline) && gone;
  if (!gone)
    throw TimeoutError("processes of cluster '" + name + "' would not go even when killed");
}

// A hub that lost its supervisor, and its engines with it, when it is told to go.
void stop_lone_hub(pid_t hub, const std::string& name, TimePoint deadline) {
  const auto identity = detail::identity_of(hub);
  if (!identity) return;
  ::kill(hub, SIGTERM);
  if (wait_until_gone(*identity, deadline)) return;
  ::kill(hub, SIGKILL);
  if (!wait_until_gone(*identity, steady_now() + kKillMax))
    throw TimeoutError("the hub of cluster '" + name + "' would not go even when killed");
}

}  // namespace

std::optional<ProcessIdentity> find_supervisor(const RunDir& run_dir) {
  const auto written = detail::read_pid_file(run_dir.file(kSupervisorPidFile));
  if (!written || !detail::is_alive(*written)) return std::nullopt;
  return written;
}

void remove_leftovers(const std::string& name) {
  const RunDir run_dir = run_dir_of(name);
  if (!find_supervisor(run_dir) && !RunDirLock::holder(run_dir)) run_dir.remove();
}

Fd start_cluster(const ClusterOptions& options, bool lifeline) {
  const RunDir run_dir = run_dir_of(options.name);
  if (find_supervisor(run_dir))
    throw Exception(Errc::in_use,
                    "cluster '" + options.name + "' is running already: `roundhouse stop` ends it");
  const ClusterOptions checked = with_absolute_paths(options);
  const std::string program = detail::find_program("roundhouse");
  run_dir.create().or_throw();
  detail::Pipe ready = detail::make_pipe();
  detail::Pipe life = detail::make_pipe();
  SupervisorOptions supervisor;
  supervisor.cluster = checked;
  supervisor.ready_fd = ready.write.get();
  if (lifeline) supervisor.lifeline_fd = life.read.get();
  const Fd log(::open(run_dir.file("supervisor.log").c_str(),
                      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));

  detail::SpawnOptions spawn;
  spawn.argv = {program, "supervise"};
  for (std::string& word : supervisor_arguments(supervisor)) spawn.argv.push_back(std::move(word));
  spawn.environment = options.environment;
  spawn.out = spawn.err = log.get();
  spawn.keep = {supervisor.ready_fd};
  if (lifeline) spawn.keep.push_back(supervisor.lifeline_fd);
  spawn.own_session = true;
  detail::spawn(spawn);
  ready.write.reset();
  try {
    await_report(ready.read.get(), steady_now() + options.timeout + kSlack,
                 "cluster '" + options.name + "' did not come up in time");
  } catch (...) {
    // The lifeline goes, and with it what was started: whoever asks next finds nothing of it.
    life.write.reset();
    if (const auto left = find_supervisor(run_dir)) wait_until_gone(*left, steady_now() + kSlack);
    throw;
  }
  return lifeline ? std::move(life.write) : Fd();
}

void stop_cluster(const std::string& name, std::chrono::nanoseconds timeout) {
  const RunDir run_dir = run_dir_of(name);
  const TimePoint deadline = steady_now() + timeout;
  const auto supervisor = find_supervisor(run_dir);
  const auto hub = RunDirLock::holder(run_dir);
  if (!supervisor && !hub) {
    run_dir.remove();
    throw Exception(Errc::not_connected, "no cluster '" + run_dir.cluster() + "' is running");
  }
  if (supervisor) {
    ::kill(supervisor->pid, SIGTERM);
    if (!wait_until_gone(*supervisor, deadline)) kill_all(*supervisor, name);
  }
  if (const auto left = RunDirLock::holder(run_dir)) stop_lone_hub(*left, name, deadline);
  run_dir.remove();
}

void add_engines(const std::string& name, std::size_t count, std::chrono::nanoseconds timeout) {
  const RunDir run_dir = run_dir_of(name);
  const std::string path = run_dir.file(kSupervisorSocket);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw Exception(
        Errc::not_connected,
        "cluster '" + run_dir.cluster() + "' has no supervisor: start it with `roundhouse start`");
  const std::string request = "add " + std::to_string(count) + "\n";
  if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size()))
    throw Exception(Errc::not_connected, "the supervisor went away");
  await_report(fd.get(), steady_now() + timeout + kSlack, "the engines did not come up in time");
}

std::vector<ClusterInfo> find_clusters() {
  std::vector<ClusterInfo> out;
  for (const std::string& name : list_clusters()) {
    const auto run_dir = RunDir::locate(name);
    if (!run_dir) continue;
    ClusterInfo info;
    info.name = name;
    info.run_dir = run_dir->path();
    if (const auto supervisor = find_supervisor(*run_dir)) info.supervisor = supervisor->pid;
    if (const auto hub = RunDirLock::holder(*run_dir)) info.hub = *hub;
    out.push_back(std::move(info));
  }
  return out;
}

}  // namespace roundhouse
