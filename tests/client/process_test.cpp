#include "client/process.hpp"

#include <array>
#include <csignal>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/support/temp_dir.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::test {
namespace {

std::string all_of(int fd) {
  std::string out;
  std::array<char, 256> buffer{};
  for (ssize_t count = 0; (count = ::read(fd, buffer.data(), buffer.size())) > 0;)
    out.append(buffer.data(), static_cast<std::size_t>(count));
  return out;
}

TEST_CASE("a program runs with its environment and descriptors, and nothing else of ours") {
  detail::Pipe out = detail::make_pipe();
  detail::Pipe kept = detail::make_pipe();
  const detail::Pipe other = detail::make_pipe();
  detail::SpawnOptions options;
  options.argv = {"/bin/sh", "-c",
                  "echo $GREETING; echo kept >&" + std::to_string(kept.write.get()) +
                      "; test -e /proc/self/fd/" + std::to_string(other.write.get()) +
                      " && echo leaked; true"};
  options.environment = {{"GREETING", "hello"}};
  options.out = out.write.get();
  options.keep = {kept.write.get()};
  const pid_t pid = detail::spawn(options);
  out.write.reset();
  kept.write.reset();
  CHECK(all_of(out.read.get()) == "hello\n");
  CHECK(all_of(kept.read.get()) == "kept\n");
  int status = 0;
  CHECK(::waitpid(pid, &status, 0) == pid);
  CHECK(status == 0);
}

TEST_CASE("a program that is not there is an error, at once") {
  detail::SpawnOptions options;
  options.argv = {"/nonexistent/program"};
  CHECK_THROWS_WITH_AS(detail::spawn(options), doctest::Contains("/nonexistent/program"),
                       Exception);
  options.own_session = true;
  CHECK_THROWS_AS(detail::spawn(options), Exception);
  CHECK_THROWS_AS((void)detail::find_program("no-such-program-anywhere"), Exception);
  CHECK(detail::find_program("sh").ends_with("/sh"));
}

TEST_CASE("a process is told apart from a dead one and from another with its pid") {
  const auto self = detail::identity_of(::getpid());
  REQUIRE(self);
  CHECK(detail::is_alive(*self));
  CHECK_FALSE(detail::is_alive({self->pid, self->start_time + 1}));
  detail::SpawnOptions options;
  options.argv = {"/bin/sleep", "60"};
  options.own_group = true;
  const pid_t pid = detail::spawn(options);
  const auto child = detail::identity_of(pid);
  REQUIRE(child);
  ::kill(-pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  CHECK_FALSE(detail::is_alive(*child));
  CHECK_FALSE(detail::identity_of(0));
}

TEST_CASE("a pid file is read as it was written, and nonsense is nothing") {
  const TempDir dir;
  const std::string path = dir.file("x.pid");
  const detail::Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  detail::write_pid_file(fd.get(), {1234, 99});
  CHECK(detail::read_pid_file(path) == detail::ProcessIdentity{1234, 99});
  std::ofstream(path) << "nonsense";
  CHECK_FALSE(detail::read_pid_file(path));
  CHECK_FALSE(detail::read_pid_file(dir.file("absent")));
}

TEST_CASE("the tail of a log is its last lines behind an offset") {
  const TempDir dir;
  const std::string path = dir.file("log");
  std::ofstream(path) << "one\ntwo\nthree\nfour\n";
  CHECK(detail::tail_of(path, 0, 2) == "three\nfour");
  CHECK(detail::tail_of(path, 14, 5) == "four");
  CHECK(detail::tail_of(path, detail::size_of(path), 5).empty());
  CHECK(detail::tail_of(dir.file("absent"), 0, 5).empty());
}

}  // namespace
}  // namespace roundhouse::test
