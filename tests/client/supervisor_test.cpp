#include "client/supervisor.hpp"

#include <array>
#include <filesystem>
#include <string>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "client/cluster_control.hpp"
#include "tests/support/temp_dir.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::test {
namespace {

TEST_CASE("what a supervisor is told survives its command line") {
  SupervisorOptions options;
  options.cluster.name = "night";
  options.cluster.engines = 3;
  options.cluster.slots = 2;
  options.cluster.modules = {"/a b.so", "/c=d.so"};
  options.cluster.store = "memory";
  options.cluster.hub_flags = {"--grace", "30000"};
  options.cluster.hub_starts_max = 500;
  options.cluster.timeout = std::chrono::seconds{7};
  options.ready_fd = 5;
  const auto words = supervisor_arguments(options);
  const SupervisorOptions parsed = parse_supervisor_arguments(words);
  CHECK(supervisor_arguments(parsed) == words);
  CHECK(parsed.cluster.modules == options.cluster.modules);
  CHECK(parsed.cluster.hub_starts_max == 500);
  CHECK(parsed.cluster.timeout == options.cluster.timeout);
  CHECK(parsed.ready_fd == 5);
  CHECK(parsed.lifeline_fd == -1);
  CHECK_THROWS_AS((void)parse_supervisor_arguments({"nonsense=1"}), Exception);
  CHECK_THROWS_AS((void)parse_supervisor_arguments({"engines=many"}), Exception);
}

TEST_CASE("a cluster that does not run can be listed, swept up, and not stopped") {
  const TempDir dir;
  const ScopedEnv run_dir("ROUNDHOUSE_DIR", dir.file("run"));
  CHECK(find_clusters().empty());
  CHECK_THROWS_AS(stop_cluster("absent", std::chrono::seconds{1}), Exception);
  CHECK_THROWS_AS(add_engines("absent", 1, std::chrono::seconds{1}), Exception);

  // What a supervisor that was killed leaves.
  const RunDir left = *RunDir::locate("left");
  REQUIRE(left.create());
  const detail::Fd fd(
      ::open(left.file(kSupervisorPidFile).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  detail::write_pid_file(fd.get(), {::getpid(), 1});  // our pid, in another process's life
  CHECK_FALSE(find_supervisor(left));
  const auto clusters = find_clusters();
  REQUIRE(clusters.size() == 1);
  CHECK(clusters[0].supervisor == 0);
  CHECK(clusters[0].hub == 0);
  remove_leftovers("left");
  CHECK(find_clusters().empty());
}

TEST_CASE("a supervisor whose hub cannot start tells why, and leaves nothing") {
  const TempDir dir;
  const ScopedEnv run_root("ROUNDHOUSE_DIR", dir.file("run"));
  const ScopedEnv programs("ROUNDHOUSE_BINDIR", dir.file("bin"));
  std::filesystem::create_directory(dir.file("bin"));
  std::filesystem::create_symlink("/bin/false", dir.file("bin") + "/roundhouse-hub");
  detail::Pipe ready = detail::make_pipe();
  const pid_t child = ::fork();
  if (child == 0) {
    SupervisorOptions options;
    options.cluster.name = "broken";
    options.ready_fd = ready.write.release();
    ::_exit(supervise(options));
  }
  ready.write.reset();
  std::array<char, 512> said{};
  CHECK(::read(ready.read.get(), said.data(), said.size() - 1) > 0);
  CHECK(std::string(said.data()) == "not_connected roundhouse-hub ended with exit code 1\n");
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 1);
  CHECK(find_clusters().empty());
}

}  // namespace
}  // namespace roundhouse::test
