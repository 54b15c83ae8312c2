// The command line `roundhouse`, in folders of its own.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/support/command.hpp"
#include "tests/support/temp_dir.hpp"

namespace roundhouse::test {

using Json = nlohmann::json;

inline const std::string kBin = std::string(RH_BINARY_DIR) + "/bin";

// Folders of its own, and the command in them. Whatever runs there in the end is stopped.
class Shell {
 public:
  ~Shell() { (void)(*this)({"stop", "--all"}); }

  Ended operator()(std::vector<std::string> words) const {
    words.insert(words.begin(), kBin + "/roundhouse");
    return run(std::move(words));
  }

  // The JSON that the command printed, which must succeed.
  [[nodiscard]] Json json(std::vector<std::string> words) const {
    words.insert(words.begin(), "--json");
    const Ended ended = (*this)(std::move(words));
    REQUIRE_MESSAGE(ended.exit == 0, ended.err);
    return Json::parse(ended.out);
  }

  [[nodiscard]] std::string file(const std::string& name) const { return dir_.file(name); }

 private:
  TempDir dir_;
  ScopedEnv run_{"ROUNDHOUSE_DIR", dir_.file("run")};
  ScopedEnv state_{"XDG_STATE_HOME", dir_.file("state")};
  ScopedEnv cluster_{"ROUNDHOUSE_CLUSTER", std::nullopt};
  ScopedEnv programs_{"ROUNDHOUSE_BINDIR", kBin};
};

// One line of its own, for people.
inline void check_one_line(const Ended& ended, const std::string& part) {
  CHECK(ended.out.empty());
  CHECK(std::ranges::count(ended.err, '\n') == 1);
  CHECK_MESSAGE(contains(ended.err, "roundhouse: "), ended.err);
  CHECK_MESSAGE(contains(ended.err, part), ended.err);
}

}  // namespace roundhouse::test
