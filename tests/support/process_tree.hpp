// Who is whose child, as the system has it.
#pragma once

#include <cctype>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <sys/types.h>

namespace roundhouse::test {

struct ProcessState {
  pid_t parent = 0;
  bool ended = true;  // not reaped, or not there at all
};

inline ProcessState state_of(pid_t process) {
  std::ifstream in("/proc/" + std::to_string(process) + "/status");
  ProcessState out;
  for (std::string word; in >> word;) {
    if (word == "State:") out.ended = !(in >> word) || word == "Z" || word == "X";
    if (word == "PPid:" && in >> out.parent) return out;
  }
  return {};
}

// The number of its parent, 0 when it has ended, reaped or not.
inline pid_t parent_of(pid_t process) {
  const ProcessState state = state_of(process);
  return state.ended ? 0 : state.parent;
}

// Children that have ended, and that nobody has reaped.
inline std::vector<pid_t> zombies_of(pid_t parent) {
  std::vector<pid_t> out;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (std::isdigit(static_cast<unsigned char>(name.front())) == 0) continue;
    const auto process = static_cast<pid_t>(std::stol(name));
    const ProcessState state = state_of(process);
    if (state.ended && state.parent == parent) out.push_back(process);
  }
  return out;
}

}  // namespace roundhouse::test
