#include "tests/chaos/run.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/cluster_control.hpp"
#include "client/process.hpp"
#include "shared/clock.hpp"
#include "shared/paths.hpp"
#include "tests/chaos/client_process.hpp"
#include "tests/chaos/journal.hpp"
#include "tests/support/patience.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::chaos {
namespace {

using chaos_tasks::host_now;
using std::chrono::milliseconds;

// What may take so long and is not stuck.
constexpr auto kResumeMax = 2 * test::kPatience;
constexpr auto kDrainMax = 4 * test::kPatience;
constexpr std::uint64_t kGapMinMs = 20;
constexpr std::uint64_t kGapMaxMs = 400;
constexpr std::uint64_t kFrozenMinMs = 100;
constexpr std::uint64_t kFrozenMaxMs =
    4500;  // the hub takes an engine for lost after three seconds

volatile std::sig_atomic_t interrupted = 0;

void on_interrupt(int) {
  interrupted = 1;
}

// Looks until it is so. Throws Interrupted, and Stuck with `what`.
void await(const std::function<bool()>& so, Duration most, const std::string& what) {
  const TimePoint until = steady_now() + most;
  while (!so()) {
    check_interrupted();
    if (steady_now() > until) throw Stuck{what};
    test::pause_for(milliseconds{1});
  }
}

void pause_unless_interrupted(Duration duration) {
  const TimePoint until = steady_now() + duration;
  while (steady_now() < until) {
    check_interrupted();
    test::pause_for(std::min<Duration>(until - steady_now(), milliseconds{20}));
  }
}

ClusterOptions cluster_options(const Options& options) {
  ClusterOptions out;
  out.name = "chaos";  // named, so that its database stays for those who keep the folder
  out.engines = options.engines;
  out.modules = {std::string(RH_BINARY_DIR) + "/lib/chaos_tasks.so"};
  out.durability = options.durability;
  // However often they are killed.
  out.hub_starts_max = 1'000'000;
  out.engine_flags = {"--set", "crashes_max=1000000"};
  out.hub_flags = {"--grace", std::to_string(options.grace_ms) + "ms"};
  out.timeout = 3 * test::kPatience;
  return out;
}

}  // namespace

void notice_interrupts() {
  struct sigaction action {};

  action.sa_handler = on_interrupt;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &action, nullptr);
}

void check_interrupted() {
  if (interrupted != 0) throw Interrupted{};
}

Run::Run(const Options& options, std::string folder)
    : options_(options),
      folder_(std::move(folder)),
      board_(map_board(folder_)),
      prng_(options.seed),
      cluster_(cluster_options(options)) {
  const auto supervisor = find_supervisor(RunDir::locate(cluster_.name()).or_throw());
  if (!supervisor) throw Exception(Errc::not_connected, "the supervisor is gone");
  supervisor_ = supervisor->pid;
  check_interrupted();
  clients_.resize(options.clients);
  for (std::uint64_t i = 0; i < options.clients; ++i) start_client(i);
}

Run::~Run() {
  for (const ClientProcess& client : clients_) {
    if (client.pid <= 0) continue;
    ::kill(client.pid, SIGKILL);
    ::waitpid(client.pid, nullptr, 0);
  }
}

void Run::start_client(std::uint64_t index) {
  ClientProcess& client = clients_[index];
  const ClientTask task{folder_,           cluster_.name(), index,
                        client.generation, options_.seed,   options_.rate};
  const std::string log = folder_ + "/client-" + std::to_string(index) + ".log";
  const Fd err(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  detail::SpawnOptions spawn;
  spawn.argv = {"/proc/self/exe", "client"};
  for (std::string& word : to_words(task)) spawn.argv.push_back(std::move(word));
  spawn.err = err.get();
  spawn.dies_with_parent = true;
  client.pid = detail::spawn(spawn);
}

void Run::wreak_havoc() {
  // Until work flows.
  board_.fault_at_ns = host_now();
  board_.resumed_at_ns = 0;
  await([&] { return board_.resumed_at_ns != 0; }, kResumeMax, "no task is done at the start");
  for (std::uint64_t i = 0; i < options_.kills; ++i) {
    pause_unless_interrupted(milliseconds(prng_.between(kGapMinMs, kGapMaxMs)));
    begin_fault(draw_kind());
    if (::isatty(STDERR_FILENO) != 0)
      std::fprintf(stderr, "\r%zu of %llu", faults_.size(),
                   static_cast<unsigned long long>(options_.kills));
  }
  if (::isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r%20s\r", "");
  drain();
}

FaultKind Run::draw_kind() {
  if (!options_.kinds.empty()) return options_.kinds[prng_.below(options_.kinds.size())];
  unsigned sum = 0;
  for (const FaultWeight& fault : kFaults) sum += fault.weight;
  std::uint64_t at = prng_.below(sum);
  for (const FaultWeight& fault : kFaults) {
    if (at < fault.weight) return fault.kind;
    at -= fault.weight;
  }
  return FaultKind::hub;
}

void Run::begin_fault(FaultKind kind) {
  Fault fault;
  fault.kind = kind;
  fault.from_ns = host_now();
  hit(kind, fault);
  fault.until_ns = host_now();
  // In this order: see Board's use by the clients.
  board_.fault_at_ns = fault.until_ns;
  board_.resumed_at_ns = 0;
  faults_.push_back(fault);
  await_resumption(faults_.back());
  repair(fault.nanny);
}

void Run::hit(FaultKind kind, Fault& fault) {
  const auto kill_now = [](pid_t pid) { ::kill(pid, SIGKILL); };
  switch (kind) {
    case FaultKind::client: hit_client(); return;
    case FaultKind::frozen_engine:
    case FaultKind::frozen_hub:
    case FaultKind::frozen_engine_dead_hub: freeze(kind, fault); return;
    case FaultKind::hub: fault.hub = find_hub(); break;
    case FaultKind::engine: fault.engine = pick_engine().engine; break;
    case FaultKind::hub_and_nanny: fault.hub = find_hub(); [[fallthrough]];
    case FaultKind::nanny:
    case FaultKind::nanny_and_engine: {
      const EngineProcesses engine = pick_engine();
      fault.nanny = engine.nanny;
      fault.engine = engine.engine;
      break;
    }
  }
  fault.from_ns = host_now();
  if (fault.hub != 0) kill_now(fault.hub);
  if (fault.nanny != 0) kill_now(fault.nanny);
  // A nanny's engine dies with it by itself, a moment later.
  if (fault.engine != 0 && (fault.nanny == 0 || kind == FaultKind::nanny_and_engine))
    kill_now(fault.engine);
}

void Run::freeze(FaultKind kind, Fault& fault) {
  const milliseconds time(prng_.between(kFrozenMinMs, kFrozenMaxMs));
  if (kind != FaultKind::frozen_engine) fault.hub = find_hub();
  if (kind != FaultKind::frozen_hub) fault.engine = pick_engine().engine;
  const pid_t frozen = kind == FaultKind::frozen_hub ? fault.hub : fault.engine;
  fault.from_ns = host_now();
  ::kill(frozen, SIGSTOP);
  if (kind == FaultKind::frozen_engine_dead_hub) ::kill(fault.hub, SIGKILL);
  // It may be gone by then: its nanny, too, has the right to kill it.
  const auto identity = detail::identity_of(frozen);
  try {
    pause_unless_interrupted(time);
  } catch (const Interrupted&) {
    ::kill(frozen, SIGCONT);
    throw;
  }
  if (identity && detail::is_alive(*identity)) ::kill(frozen, SIGCONT);
}

void Run::hit_client() {
  ClientProcess& client = prng_.pick(clients_);
  ::kill(client.pid, SIGKILL);
  while (::waitpid(client.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  client.pid = 0;
}

void Run::await_resumption(Fault& fault) {
  // A client that was killed has to be followed by another: it may have been the only one.
  if (fault.kind == FaultKind::client) follow_clients();
  await(
      [&] {
        look_at_clients();
        return board_.resumed_at_ns != 0;
      },
      kResumeMax, "no task is done after a fault: " + std::string(to_string(fault.kind)));
  fault.resumed_after_ns = board_.resumed_at_ns - fault.until_ns;
}

void Run::follow_clients() {
  for (std::uint64_t i = 0; i < clients_.size(); ++i) {
    if (clients_[i].pid != 0) continue;
    ++clients_[i].generation;
    start_client(i);
  }
}

// As many engines as before. Only those are missing that were killed with their nanny.
void Run::repair(pid_t killed_nanny) {
  const std::uint64_t killed = killed_nanny != 0 ? 1 : 0;
  await([&] { return !detail::identity_of(killed_nanny); }, kResumeMax,
        "a nanny that was killed does not go");
  const std::uint64_t there = processes_of(supervisor_).engines.size();
  if (there + killed < options_.engines) throw Stuck{"an engine's nanny ended by itself"};
  if (there == options_.engines) return;
  try {
    cluster_.add_engines(options_.engines - there);
  } catch (const Exception& error) {
    throw Stuck{std::string("a new engine did not come: ") + error.what()};
  }
}

EngineProcesses Run::pick_engine() {
  EngineProcesses picked;
  await(
      [&] {
        const auto engines = processes_of(supervisor_).engines;
        if (engines.empty()) return false;
        picked = engines[prng_.below(engines.size())];
        return picked.engine != 0;
      },
      kResumeMax, "there is no engine process");
  return picked;
}

pid_t Run::find_hub() {
  pid_t hub = 0;
  await([&] { return (hub = processes_of(supervisor_).hub) != 0; }, kResumeMax, "there is no hub");
  return hub;
}

// None of them ends by itself before it is told to.
void Run::look_at_clients() {
  for (std::uint64_t i = 0; i < clients_.size(); ++i) {
    int status = 0;
    if (clients_[i].pid == 0 || ::waitpid(clients_[i].pid, &status, WNOHANG) != clients_[i].pid)
      continue;
    clients_[i].pid = 0;
    const std::string log = folder_ + "/client-" + std::to_string(i) + ".log";
    throw Stuck{"client " + std::to_string(i) + " ended by itself, status " +
                std::to_string(status) + ": " + detail::tail_of(log, 0, 3)};
  }
}

void Run::drain() {
  board_.stop = true;
  await(
      [&] {
        bool all = true;
        for (ClientProcess& client : clients_) {
          int status = 0;
          if (client.pid != 0 && ::waitpid(client.pid, &status, WNOHANG) == client.pid) {
            client.pid = 0;
            if (status != 0) throw Stuck{"a client failed: see the logs"};
          }
          all = all && client.pid == 0;
        }
        return all;
      },
      kDrainMax, "clients wait for outcomes in vain");
}

std::string Run::describe_processes() const {
  const ClusterProcesses now = processes_of(supervisor_);
  std::string text = "hub " + std::to_string(now.hub);
  for (const EngineProcesses& engine : now.engines)
    text += ", nanny " + std::to_string(engine.nanny) + " of " + std::to_string(engine.engine);
  for (const ClientProcess& client : clients_) text += ", client " + std::to_string(client.pid);
  return text;
}

// The faults, and the daemons' logs, which go with their run directory.
void Run::keep_traces() const {
  std::ofstream list(folder_ + "/faults");
  for (const Fault& fault : faults_)
    list << fault.from_ns << ' ' << fault.until_ns << ' ' << to_string(fault.kind) << " hub "
         << fault.hub << " nanny " << fault.nanny << " engine " << fault.engine << " resumed after "
         << fault.resumed_after_ns << '\n';
  std::error_code ignored;
  std::filesystem::create_directory(folder_ + "/logs", ignored);
  const std::string from = RunDir::locate(cluster_.name()).or_throw().path();
  for (const auto& entry : std::filesystem::directory_iterator(from, ignored))
    if (entry.path().extension() == ".log")
      std::filesystem::copy(entry.path(), folder_ + "/logs", ignored);
}

Evidence Run::gather(std::string& problem) {
  Evidence evidence;
  evidence.grace_ns = static_cast<std::int64_t>(options_.grace_ms) * 1'000'000;
  evidence.keeps_arrays = options_.durability == "commit";
  evidence.faults = faults_;
  for (std::uint64_t i = 0; i < clients_.size(); ++i)
    for (std::uint64_t generation = 0; generation <= clients_[i].generation; ++generation)
      evidence.clients.push_back({i, generation, read_notes(journal_path(folder_, i, generation))});
  evidence.starts = read_starts(folder_);
  keep_traces();
  try {
    read_records(evidence);
    evidence.has_records = true;
  } catch (const Exception& error) {
    problem = std::string("the records cannot be read: ") + error.what();
  }
  return evidence;
}

}  // namespace roundhouse::chaos
