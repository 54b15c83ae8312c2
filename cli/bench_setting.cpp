#include "cli/bench_setting.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <time.h>
#include <unistd.h>

#include "cli/output.hpp"
#include "shared/clock.hpp"
#include "shared/connection_file.hpp"
#include "shared/paths.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::cli {

using namespace std::chrono_literals;

std::string own_program() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) raise({Errc::io_failed, "cannot find this program: " + error.message()});
  return path.string();
}

BenchPlace::BenchPlace() : path_("/tmp/rh-bench.XXXXXX") {  // short, because paths of sockets are
  if (mkdtemp(path_.data()) == nullptr) raise({Errc::io_failed, "cannot make " + path_});
  setenv("ROUNDHOUSE_DIR", (path_ + "/run").c_str(), 1);
  setenv("XDG_STATE_HOME", (path_ + "/state").c_str(), 1);
}

BenchPlace::~BenchPlace() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

BenchCluster::BenchCluster(const ClusterOptions& options)
    : cluster_(options), client_(cluster_.connect({.label = "bench"})), hub_(find_hub()) {}

pid_t BenchCluster::find_hub() const {
  const RunDir run_dir = RunDir::locate(cluster_.name()).or_throw();
  const auto info = read_connection_file(run_dir.connection_file(Role::client), Role::client);
  return static_cast<pid_t>(Result(info).or_throw().hub_pid);
}

void BenchCluster::remove_engines(Duration patience) const {
  client_.shutdown(all, {.wait = false});
  const TimePoint end = steady_now() + patience;
  while (!client_.engines().empty()) {
    if (steady_now() > end) throw TimeoutError("an engine did not go");
    std::this_thread::sleep_for(5ms);
  }
}

void BenchCluster::kill_hub() const {
  if (kill(find_hub(), SIGKILL) != 0) raise({Errc::not_connected, "the hub is gone"});
}

Duration BenchCluster::hub_cpu_time() const {
  clockid_t clock{};
  timespec time{};
  if (clock_getcpuclockid(hub_, &clock) != 0 || clock_gettime(clock, &time) != 0)
    raise({Errc::not_connected, "the hub is gone"});
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

double BenchCluster::hub_resident_bytes() const {
  std::ifstream file("/proc/" + std::to_string(hub_) + "/status");
  for (std::string word; file >> word;) {
    double kilobytes = 0;
    if (word == "VmRSS:" && file >> kilobytes) return kilobytes * 1024;
  }
  raise({Errc::not_connected, "the hub is gone"});
}

void BenchCluster::wait_until_taken_over(const Interrupt& interrupt) const {
  const TimePoint end = steady_now() + 60s;
  for (;;) {
    const std::uint64_t waiting = client_.outstanding().size();
    const Json status = Json::parse(client_.status().json, nullptr, false);
    if (status.value("unfinished", std::uint64_t{0}) >= waiting) break;
    if (steady_now() > end) throw TimeoutError("the hub did not take over what was submitted");
    (void)interrupt.wait(20ms);
    interrupt.check();
  }
  (void)client_.hub_history(1);  // answered behind all that was to be stored before
}

}  // namespace roundhouse::cli
