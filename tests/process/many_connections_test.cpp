// A hub that more connections come to than it can hold.
#include <array>
#include <csignal>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/support/command.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/roundhouse_command.hpp"
#include "tests/support/temp_dir.hpp"

namespace roundhouse::test {

namespace {

// What every ZeroMQ peer says before its first message.
std::string handshake(const std::string& type) {
  using namespace std::string_literals;
  std::string greeting = "\xff\0\0\0\0\0\0\0\0\x7f\3\0NULL"s;
  greeting.resize(64);
  const std::string ready = "\5READY\13Socket-Type\0\0\0"s + static_cast<char>(type.size()) + type;
  return greeting + '\4' + static_cast<char>(ready.size()) + ready;
}

// Connections that say nothing, to every door of a hub in turn; every other one not even who it is.
class Silence {
 public:
  Silence(const std::string& run_dir, int count) {
    for (int i = 0; i < count; ++i) {
      constexpr std::array kDoors{"client-task", "client-control", "engine-task", "engine-control",
                                  "notify"};
      sockaddr_un at{};
      at.sun_family = AF_UNIX;
      const std::string path =
          run_dir + "/" + kDoors.at(static_cast<std::size_t>(i) % kDoors.size()) + ".ipc";
      path.copy(at.sun_path, sizeof(at.sun_path) - 1);
      const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
      REQUIRE(fd >= 0);
      (void)::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at);
      all_.push_back(fd);
      if (i % 2 == 1) continue;
      const std::string hands = handshake(contains(path, "notify") ? "SUB" : "DEALER");
      (void)::send(fd, hands.data(), hands.size(), MSG_NOSIGNAL);
    }
  }

  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

  ~Silence() {
    for (const int fd : all_) ::close(fd);
  }

 private:
  std::vector<int> all_;
};

}  // namespace

TEST_CASE("a hub that runs short of descriptors refuses newcomers, and lives on") {
  const TempDir dir;
  const ScopedEnv run_dir("ROUNDHOUSE_DIR", dir.file("run"));
  const ScopedEnv state_dir("XDG_STATE_HOME", dir.file("state"));
  const ScopedEnv cluster("ROUNDHOUSE_CLUSTER", std::nullopt);
  const ScopedEnv programs("ROUNDHOUSE_BINDIR", kBin);
  Command hub({"/bin/sh", "-c", "ulimit -n 128 && exec \"$0\"", kBin + "/roundhouse-hub"});
  REQUIRE(comes_true([&] { return contains(hub.out(), "ready "); }));
  REQUIRE(run({kBin + "/roundhouse", "status"}).exit == 0);
  {
    const Silence silence(dir.file("run/default"), 1000);
    // Nobody gets in, until those who say nothing are cut off.
    CHECK(comes_true([&] { return run({kBin + "/roundhouse", "status"}).exit == 0; }));
  }
  hub.send(SIGTERM);
  const Ended ended = hub.wait(std::chrono::seconds{10 * RH_TEST_SLOWDOWN});
  CHECK(ended.exit == 0);
  CHECK(contains(ended.err, "too_many_connections"));
  CHECK(contains(ended.err, "silent_connections_cut"));
}

}  // namespace roundhouse::test
