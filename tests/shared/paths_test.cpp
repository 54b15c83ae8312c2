#include "shared/paths.hpp"

#include <cstring>
#include <filesystem>
#include <string>

#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/support/temp_dir.hpp"

namespace roundhouse {

using test::contains;
using test::ScopedEnv;
using test::TempDir;

namespace fs = std::filesystem;

namespace {

unsigned mode_of(const std::string& path) {
  struct stat info {};

  REQUIRE(stat(path.c_str(), &info) == 0);
  return info.st_mode & 0777;
}

}  // namespace

TEST_CASE("a cluster is named by letters, digits, dots, dashes and underscores") {
  for (const char* name : {"default", "a", "7", "My_lab-2.b"}) CHECK(check_cluster_name(name).ok());
  for (const char* name : {"", ".", "..", "-a", "a/b", "../x", "a b", "a\n", "\xc3\xa4"}) {
    CAPTURE(name);
    CHECK(check_cluster_name(name).error().code == Errc::invalid);
  }
  CHECK(check_cluster_name(std::string(kClusterNameBytesMax, 'a')).ok());
  CHECK(!check_cluster_name(std::string(kClusterNameBytesMax + 1, 'a')));
}

TEST_CASE("the environment says where clusters live and which one is meant") {
  const TempDir dir;
  const ScopedEnv cluster("ROUNDHOUSE_CLUSTER", std::nullopt);
  const ScopedEnv runtime("XDG_RUNTIME_DIR", dir.path());
  const ScopedEnv home("HOME", "/home/somebody");
  {
    const ScopedEnv given("ROUNDHOUSE_DIR", dir.path() + "/x/../y/");
    CHECK(run_root() == dir.path() + "/y");
  }
  const ScopedEnv given("ROUNDHOUSE_DIR", std::nullopt);
  CHECK(run_root() == dir.path() + "/roundhouse");
  CHECK(default_cluster() == "default");
  {
    const ScopedEnv gone("XDG_RUNTIME_DIR", dir.path() + "/missing");
    CHECK(run_root() == "/home/somebody/.roundhouse");
  }
  const ScopedEnv other("ROUNDHOUSE_CLUSTER", "lab");
  CHECK(default_cluster() == "lab");
  CHECK(RunDir::locate()->path() == dir.path() + "/roundhouse/lab");
}

TEST_CASE("a run directory names its files and touches nothing before it is made") {
  const TempDir dir;
  const RunDir run_dir = RunDir::locate("lab", dir.file("deep/er")).or_throw();
  CHECK(run_dir.cluster() == "lab");
  CHECK(run_dir.path() == dir.path() + "/deep/er/lab");
  CHECK(run_dir.connection_file(Role::client) == run_dir.path() + "/client.json");
  CHECK(run_dir.connection_file(Role::engine) == run_dir.path() + "/engine.json");
  CHECK(run_dir.endpoint("client-task") == "ipc://" + run_dir.path() + "/client-task.ipc");
  CHECK(!fs::exists(dir.file("deep")));
  const auto missing = run_dir.check();
  CHECK(missing.error().code == Errc::not_connected);
  CHECK(contains(missing.error().text, "roundhouse start --cluster lab"));
  CHECK(RunDir::locate("../lab", dir.path()).error().code == Errc::invalid);
}

TEST_CASE("making a run directory makes it private, as often as one likes") {
  const TempDir dir;
  const RunDir run_dir = RunDir::locate("lab", dir.file("deep/er")).or_throw();
  CHECK(run_dir.create().ok());
  CHECK(run_dir.create().ok());
  CHECK(mode_of(run_dir.path()) == 0700);
  CHECK(mode_of(dir.file("deep")) == 0700);
  CHECK(list_clusters(dir.file("deep/er")) == std::vector<std::string>{"lab"});
  CHECK(list_clusters(dir.file("nothing")).empty());
}

TEST_CASE("a run directory that others can look into is refused, with the cure") {
  const TempDir dir;
  const RunDir run_dir = RunDir::locate("lab", dir.path()).or_throw();
  REQUIRE(run_dir.create().ok());
  for (const mode_t mode : {0750U, 0701U, 0777U}) {
    REQUIRE(chmod(run_dir.path().c_str(), mode) == 0);
    const auto refused = run_dir.create();
    CHECK(refused.error().code == Errc::permission);
    CHECK(contains(refused.error().text, "chmod 700 " + run_dir.path()));
  }
}

TEST_CASE("a link or a file in the place of a run directory is refused") {
  const TempDir dir;
  const RunDir run_dir = RunDir::locate("lab", dir.path()).or_throw();
  REQUIRE(mkdir(dir.file("elsewhere").c_str(), 0700) == 0);
  REQUIRE(symlink(dir.file("elsewhere").c_str(), run_dir.path().c_str()) == 0);
  CHECK(run_dir.create().error().code == Errc::permission);
  REQUIRE(unlink(run_dir.path().c_str()) == 0);
  test::write_file(run_dir.path(), "x");
  CHECK(run_dir.create().error().code == Errc::permission);
}

TEST_CASE("a run directory of another user is refused") {
  if (geteuid() != 0) return;  // only root can give a folder away
  const TempDir dir;
  const RunDir run_dir = RunDir::locate("lab", dir.path()).or_throw();
  REQUIRE(run_dir.create().ok());
  REQUIRE(chown(run_dir.path().c_str(), 12345, 12345) == 0);
  const auto refused = run_dir.check();
  CHECK(refused.error().code == Errc::permission);
  CHECK(contains(refused.error().text, "belongs to another user (uid 12345)"));
  CHECK(contains(refused.error().text, "ROUNDHOUSE_DIR"));
}

TEST_CASE("a path too long for sockets is refused before anything binds") {
  sockaddr_un address{};
  CHECK(kSocketPathBytesMax == sizeof(address.sun_path) - 1);
  const std::string root = "/tmp/" + std::string(100, 'x');
  const auto refused = RunDir::locate("lab", root);
  CHECK(refused.error().code == Errc::invalid);
  CHECK(contains(refused.error().text, "107 bytes"));
  CHECK(contains(refused.error().text, "ROUNDHOUSE_DIR"));

  const std::size_t rest = std::strlen("/lab/") + RunDir::kSocketNameBytesMax + std::strlen(".ipc");
  const std::string longest = "/" + std::string(kSocketPathBytesMax - rest - 1, 'x');
  const auto fits = RunDir::locate("lab", longest);
  REQUIRE(fits.ok());
  CHECK(fits->endpoint(std::string(RunDir::kSocketNameBytesMax, 's')).size() ==
        kSocketPathBytesMax + std::strlen("ipc://"));
  CHECK(!RunDir::locate("lab", longest + "x"));
}

TEST_CASE("a second hub is told the pid of the first, until the first is gone") {
  const TempDir dir;
  const RunDir run_dir = RunDir::locate("lab", dir.path()).or_throw();
  REQUIRE(run_dir.create().ok());
  CHECK(!RunDirLock::holder(run_dir));
  {
    auto first = RunDirLock::acquire(run_dir);
    REQUIRE(first.ok());
    const RunDirLock moved = std::move(first).value();
    CHECK(RunDirLock::holder(run_dir) == getpid());
    const auto second = RunDirLock::acquire(run_dir);
    CHECK(second.error().code == Errc::in_use);
    CHECK(contains(second.error().text, "(pid " + std::to_string(getpid()) + ")"));
    CHECK(contains(second.error().text, "roundhouse stop --cluster lab"));
  }
  CHECK(!RunDirLock::holder(run_dir));
  CHECK(RunDirLock::acquire(run_dir).ok());
}

TEST_CASE("a hub that is killed leaves its lock to the next") {
  const TempDir dir;
  const RunDir run_dir = RunDir::locate("lab", dir.path()).or_throw();
  REQUIRE(run_dir.create().ok());
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto lock = RunDirLock::acquire(run_dir);
    const char byte = lock ? 'y' : 'n';
    if (write(ends[1], &byte, 1) != 1) _exit(1);
    for (;;) pause();
  }
  char byte = 0;
  REQUIRE(read(ends[0], &byte, 1) == 1);
  CHECK(byte == 'y');
  CHECK(RunDirLock::holder(run_dir) == child);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  CHECK(!RunDirLock::holder(run_dir));
  CHECK(RunDirLock::acquire(run_dir).ok());
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("what a killed hub left is removed; its logs stay until the cluster goes") {
  const TempDir dir;
  const RunDir run_dir = RunDir::locate("lab", dir.path()).or_throw();
  REQUIRE(run_dir.create().ok());
  for (const char* name : {"client.json", "engine.json", "client-task.ipc", "hub.log"}) {
    test::write_file(run_dir.file(name), "x");
  }
  run_dir.remove_leftovers();
  CHECK(!fs::exists(run_dir.file("client.json")));
  CHECK(!fs::exists(run_dir.file("client-task.ipc")));
  CHECK(fs::exists(run_dir.file("hub.log")));
  run_dir.remove();
  CHECK(!fs::exists(run_dir.path()));
  run_dir.remove();
}

TEST_CASE("removing a run directory leaves alone what is not ours") {
  const TempDir dir;
  const RunDir run_dir = RunDir::locate("lab", dir.path()).or_throw();
  REQUIRE(run_dir.create().ok());
  REQUIRE(mkdir(run_dir.file("photos").c_str(), 0700) == 0);
  test::write_file(run_dir.file("photos/one"), "x");
  run_dir.remove();
  CHECK(fs::exists(run_dir.file("photos/one")));
}

TEST_CASE("the database lives in the state folder, which is made private") {
  const TempDir dir;
  const ScopedEnv state("XDG_STATE_HOME", dir.file("state"));
  CHECK(state_dir() == dir.file("state/roundhouse"));
  CHECK(make_database_path("lab").or_throw() == dir.file("state/roundhouse/lab.db"));
  CHECK(mode_of(state_dir()) == 0700);
  CHECK(make_state_dir().or_throw() == state_dir());
  CHECK(!make_database_path("../lab"));
  REQUIRE(chmod(state_dir().c_str(), 0755) == 0);
  CHECK(make_database_path("lab").error().code == Errc::permission);
  const ScopedEnv home("HOME", "/home/somebody");
  const ScopedEnv none("XDG_STATE_HOME", std::nullopt);
  CHECK(state_dir() == "/home/somebody/.local/state/roundhouse");
}

}  // namespace roundhouse
