#include "client/supervisor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <deque>
#include <optional>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/children.hpp"
#include "client/process.hpp"
#include "shared/clock.hpp"
#include "shared/log.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse {
namespace {

using detail::Child;
using detail::ChildKind;
using detail::Children;
using detail::Fd;

constexpr Duration kHubStartsWithin = std::chrono::seconds{60};
constexpr Duration kHubLifeMin = std::chrono::seconds{1};
constexpr std::chrono::milliseconds kHubPause{200};
constexpr Duration kEnginesStopMax = std::chrono::seconds{5};
constexpr Duration kHubStopMax = std::chrono::seconds{10};
constexpr Duration kChildKillMax = std::chrono::seconds{5};

// Somebody who waits until engines are ready: whoever started us, or asked for more.
struct Waiter {
  Fd fd;
  std::vector<pid_t> engines;
  TimePoint deadline;
};

// To whoever waits for it; perhaps nobody is there to read it.
void answer(int fd, std::string_view text) {
  (void)write_all(fd, text);
}

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::string line_of(Errc code, const std::string& text) {
  return std::string(to_string(code)) + " " + one_line(text) + "\n";
}

class Supervisor {
 public:
  Supervisor(const SupervisorOptions& options, RunDir run_dir)
      : options_(options), cluster_(options.cluster), run_dir_(std::move(run_dir)) {}

  int run();

 private:
  void begin();
  void turn();
  void open_files();
  void start_hub();
  pid_t start_engine();
  void on_hub_ready();
  void on_signals();
  void on_exit(const Child& child, int status);
  void on_hub_exit(const Child& child, int status);
  void on_request();
  void add_engines(Fd fd, std::size_t count);
  void settle_waiters();
  void fail_waiters(pid_t engine, const std::string& text);

  void reap() {
    children_.reap([this](const Child& child, int status) { on_exit(child, status); });
  }

  void stop_all();
  // Signals all children of this kind, and waits for them.
  void stop_kind(ChildKind kind, int signal, Duration patience);

  const SupervisorOptions& options_;
  const ClusterOptions& cluster_;
  RunDir run_dir_;
  Fd signals_;
  Fd pid_file_;
  Fd listener_;
  Fd lifeline_;
  detail::Children children_;
  std::vector<Waiter> waiters_;
  std::deque<TimePoint> hub_starts_;
  std::size_t engines_started_ = 0;
  bool first_hub_ready_ = false;
  bool reported_ = false;
  bool stopping_ = false;
  std::optional<Error> failure_;
  TimePoint start_deadline_;
};

void Supervisor::open_files() {
  run_dir_.create().or_throw();
  const std::string path = run_dir_.file(kSupervisorPidFile);
  pid_file_ = Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!pid_file_) throw Exception(Errc::io_failed, "cannot open " + path);
  if (::flock(pid_file_.get(), LOCK_EX | LOCK_NB) != 0) {
    pid_file_.reset();
    throw Exception(Errc::in_use, "cluster '" + run_dir_.cluster() +
                                      "' is running already: `roundhouse stop` ends it");
  }
  if (RunDirLock::holder(run_dir_)) {
    pid_file_.reset();
    throw Exception(Errc::in_use,
                    "a hub is running in " + run_dir_.path() + " already, without a supervisor");
  }
  detail::write_pid_file(pid_file_.get(), *detail::identity_of(::getpid()));

  const std::string socket = run_dir_.file(kSupervisorSocket);
  ::unlink(socket.c_str());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
  listener_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener_ ||
      ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_.get(), 8) != 0)
    throw Exception(Errc::io_failed, "cannot listen on " + socket + ": " + std::strerror(errno));
}

void Supervisor::begin() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&set, signal);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  signals_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  lifeline_ = Fd(options_.lifeline_fd);
  open_files();
  start_deadline_ = steady_now() + cluster_.timeout;
  start_hub();
}

void Supervisor::start_hub() {
  const TimePoint now = steady_now();
  hub_starts_.push_back(now);
  while (hub_starts_.front() < now - kHubStartsWithin) hub_starts_.pop_front();
  if (hub_starts_.size() > cluster_.hub_starts_max)
    throw Exception(Errc::internal, "the hub died " + std::to_string(cluster_.hub_starts_max) +
                                        " times within a minute; it is not started again");
  std::vector<std::string> argv{detail::find_program("roundhouse-hub"), "--cluster",
                                run_dir_.cluster()};
  const auto flag = [&argv](const char* name, const std::string& value) {
    if (!value.empty()) argv.insert(argv.end(), {name, value});
  };
  flag("--store", cluster_.store);
  flag("--durability", cluster_.durability);
  flag("--listen", cluster_.listen);
  flag("--config", cluster_.hub_config);
  argv.insert(argv.end(), cluster_.hub_flags.begin(), cluster_.hub_flags.end());
  children_.start(ChildKind::hub, std::move(argv), run_dir_.file("hub.log"));
}

pid_t Supervisor::start_engine() {
  std::vector<std::string> argv{detail::find_program("roundhouse-engine"),
                                "--cluster",
                                run_dir_.cluster(),
                                "--slots",
                                std::to_string(cluster_.slots),
                                "--wait",
                                "30"};
  for (const std::string& module : cluster_.modules) argv.insert(argv.end(), {"--module", module});
  if (!cluster_.engine_config.empty())
    argv.insert(argv.end(), {"--config", cluster_.engine_config});
  argv.insert(argv.end(), cluster_.engine_flags.begin(), cluster_.engine_flags.end());
  const std::string log = "engine-" + std::to_string(engines_started_++) + ".log";
  return children_.start(ChildKind::engine, std::move(argv), run_dir_.file(log)).pid;
}

void Supervisor::on_hub_ready() {
  if (first_hub_ready_) {
    log::info("hub_restarted");
    return;
  }
  first_hub_ready_ = true;
  Waiter waiter;
  waiter.fd = Fd(options_.ready_fd);
  waiter.deadline = start_deadline_;
  for (std::size_t i = 0; i < cluster_.engines; ++i) waiter.engines.push_back(start_engine());
  waiters_.push_back(std::move(waiter));
}

void Supervisor::on_hub_exit(const Child& child, int status) {
  const bool asked = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (!first_hub_ready_)
    throw Exception(Errc::not_connected, Children::describe_end(child, status));
  if (asked) {
    log::info("hub_stopped");
    stopping_ = true;
    return;
  }
  log::warn("hub_died", {{"how", Children::describe_end(child, status)}});
  // One that dies at once has a reason that may go away.
  if (steady_now() - hub_starts_.back() < kHubLifeMin) std::this_thread::sleep_for(kHubPause);
  start_hub();
}

void Supervisor::on_exit(const Child& child, int status) {
  if (stopping_) return;
  if (child.kind == ChildKind::hub) return on_hub_exit(child, status);
  log::info("engine_ended", {{"how", Children::describe_end(child, status)}});
  if (!child.ready) fail_waiters(child.pid, Children::describe_end(child, status));
}

void Supervisor::on_signals() {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == sizeof info)
    if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) stopping_ = true;
  reap();
}

void Supervisor::on_request() {
  Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!fd) return;
  // Our own command sends one short line at once; nobody else can reach this socket.
  constexpr timeval kPatience{1, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  std::array<char, 64> line{};
  const ssize_t count = ::read(fd.get(), line.data(), line.size() - 1);
  const std::string_view text(line.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  std::size_t engines = 0;
  const char* end = text.data() + text.size();
  if (text.starts_with("add ") &&
      std::from_chars(text.data() + 4, end, engines).ec == std::errc{} && engines > 0 &&
      engines <= 10'000)
    return add_engines(std::move(fd), engines);
  answer(fd.get(), line_of(Errc::invalid, "the supervisor does not know this request"));
}

void Supervisor::add_engines(Fd fd, std::size_t count) {
  Waiter waiter;
  waiter.fd = std::move(fd);
  waiter.deadline = steady_now() + cluster_.timeout;
  try {
    for (std::size_t i = 0; i < count; ++i) waiter.engines.push_back(start_engine());
  } catch (const Exception& error) {
    answer(waiter.fd.get(), line_of(error.code(), error.what()));
    return;
  }
  waiters_.push_back(std::move(waiter));
}

void Supervisor::fail_waiters(pid_t engine, const std::string& text) {
  for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
    const auto& engines = waiter->engines;
    if (std::find(engines.begin(), engines.end(), engine) == engines.end()) {
      ++waiter;
      continue;
    }
    if (!reported_) throw Exception(Errc::not_connected, text);
    answer(waiter->fd.get(), line_of(Errc::not_connected, text));
    waiter = waiters_.erase(waiter);
  }
}

void Supervisor::settle_waiters() {
  const TimePoint now = steady_now();
  const auto is_ready = [this](pid_t pid) {
    const Child* child = children_.find(pid);
    return child != nullptr && child->ready;
  };
  for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
    const auto ready = static_cast<std::size_t>(
        std::count_if(waiter->engines.begin(), waiter->engines.end(), is_ready));
    const std::size_t all = waiter->engines.size();
    if (ready < all && now < waiter->deadline) {
      ++waiter;
      continue;
    }
    if (ready == all) {
      answer(waiter->fd.get(), "ready\n");
      reported_ = true;
    } else {
      const std::string text = "only " + std::to_string(ready) + " of " + std::to_string(all) +
                               " engines came up in time; see the logs in " + run_dir_.path();
      if (!reported_) throw TimeoutError(text);
      answer(waiter->fd.get(), line_of(Errc::timeout, text));
    }
    waiter = waiters_.erase(waiter);
  }
  if (!first_hub_ready_ && now >= start_deadline_)
    throw TimeoutError("the hub did not come up in time; see the logs in " + run_dir_.path());
}

void Supervisor::turn() {
  std::vector<pollfd> items{
      {signals_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}, {lifeline_.get(), POLLIN, 0}};
  std::vector<pid_t> pids;
  for (const Child& child : children_.all()) {
    items.push_back({child.out.get(), POLLIN, 0});
    pids.push_back(child.pid);
  }
  const bool waiting = !first_hub_ready_ || !waiters_.empty();
  if (::poll(items.data(), items.size(), waiting ? 100 : -1) < 0 && errno != EINTR)
    throw Exception(Errc::io_failed, std::string("poll: ") + std::strerror(errno));
  if (items[2].revents != 0) {
    char byte = 0;
    if (::read(lifeline_.get(), &byte, 1) == 0) stopping_ = true;
    lifeline_.reset();
  }
  for (std::size_t i = 0; i < pids.size(); ++i) {
    if (items[3 + i].revents == 0) continue;
    const bool now_ready = children_.read_output(pids[i]);
    if (now_ready && children_.find(pids[i])->kind == ChildKind::hub) on_hub_ready();
  }
  if (items[0].revents != 0) on_signals();
  if (items[1].revents != 0 && !stopping_) on_request();
  settle_waiters();
}

void Supervisor::stop_kind(ChildKind kind, int signal, Duration patience) {
  children_.signal(kind, signal);
  const TimePoint until = steady_now() + patience;
  while (children_.any(kind) && steady_now() < until) {
    pollfd item{signals_.get(), POLLIN, 0};
    ::poll(&item, 1, 20);
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
    }
    reap();
  }
}

void Supervisor::stop_all() {
  stopping_ = true;
  stop_kind(ChildKind::engine, SIGTERM, kEnginesStopMax);
  stop_kind(ChildKind::engine, SIGKILL, kChildKillMax);
  stop_kind(ChildKind::hub, SIGTERM, kHubStopMax);
  stop_kind(ChildKind::hub, SIGKILL, kChildKillMax);
}

int Supervisor::run() {
  try {
    begin();
    while (!stopping_) turn();
  } catch (const Exception& error) {
    failure_ = Error{error.code(), error.what()};
  }
  stop_all();
  listener_.reset();
  for (const Waiter& waiter : waiters_)
    answer(waiter.fd.get(), failure_ ? line_of(failure_->code, failure_->text)
                                     : line_of(Errc::closed, "the cluster is being stopped"));
  // A cluster that ran, and then failed, leaves its logs to whoever wonders.
  if (failure_ && reported_) {
    log::error("supervisor_failed", {{"why", failure_->text}});
    run_dir_.remove_leftovers();
    ::unlink(run_dir_.file(kSupervisorSocket).c_str());
    return 1;
  }
  // Only what is ours: without the lock it is somebody else's cluster.
  if (pid_file_) run_dir_.remove();
  if (!failure_) return 0;
  if (options_.ready_fd < 0) {
    log::error("supervisor_failed", {{"why", failure_->text}});
  } else if (!first_hub_ready_) {  // nobody waits but whoever started us
    answer(options_.ready_fd, line_of(failure_->code, failure_->text));
  }
  return 1;
}

}  // namespace

int supervise(const SupervisorOptions& options) {
  auto run_dir = RunDir::locate(options.cluster.name);
  if (run_dir) return Supervisor(options, *std::move(run_dir)).run();
  if (options.ready_fd >= 0)
    answer(options.ready_fd, line_of(run_dir.error().code, run_dir.error().text));
  else
    std::fprintf(stderr, "roundhouse: %s\n", run_dir.error().text.c_str());
  return 1;
}

}  // namespace roundhouse
