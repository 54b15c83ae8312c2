#include "tests/chaos/processes.hpp"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <unistd.h>

#include "client/process.hpp"

namespace roundhouse::chaos {
namespace {

std::string proc_file(pid_t pid, const std::string& name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

std::vector<pid_t> children_of(pid_t pid) {
  std::ifstream file(proc_file(pid, "task/" + std::to_string(pid) + "/children"));
  std::vector<pid_t> out;
  for (pid_t child = 0; file >> child;)
    if (detail::identity_of(child)) out.push_back(child);
  return out;
}

// Of the program file: what a process calls itself may change.
std::string program_of(pid_t pid) {
  std::error_code ignored;
  return std::filesystem::read_symlink(proc_file(pid, "exe"), ignored).filename().string();
}

}  // namespace

ClusterProcesses processes_of(pid_t supervisor) {
  ClusterProcesses out;
  for (const pid_t child : children_of(supervisor)) {
    const std::string program = program_of(child);
    if (program == "roundhouse-hub") out.hub = child;
    if (program != "roundhouse-engine") continue;
    EngineProcesses engine{child, 0};
    for (const pid_t below : children_of(child)) engine.engine = below;
    out.engines.push_back(engine);
  }
  return out;
}

std::vector<pid_t> processes_with(const std::string& folder) {
  std::vector<pid_t> out;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename().string();
    pid_t pid = 0;
    const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc{} || stop != name.data() + name.size() || pid == ::getpid()) continue;
    std::ifstream file(proc_file(pid, "environ"), std::ios::binary);
    const std::string environment(std::istreambuf_iterator<char>(file), {});
    if (environment.find(folder) != std::string::npos && detail::identity_of(pid))
      out.push_back(pid);
  }
  return out;
}

}  // namespace roundhouse::chaos
