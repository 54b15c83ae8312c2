#include "hub/descriptors.hpp"

#include <cerrno>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/support/temp_dir.hpp"

namespace roundhouse::hub {

namespace {

// The limit of open files for the length of a test.
class LimitOf {
 public:
  explicit LimitOf(rlim_t soft) {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const rlimit wanted{soft, before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &wanted) == 0);
  }

  LimitOf(const LimitOf&) = delete;
  LimitOf& operator=(const LimitOf&) = delete;

  ~LimitOf() { ::setrlimit(RLIMIT_NOFILE, &before_); }

  [[nodiscard]] const rlimit& before() const { return before_; }

 private:
  rlimit before_{};
};

class Files {
 public:
  ~Files() {
    for (const int fd : all_) ::close(fd);
  }

  int add(int fd) {
    REQUIRE(fd >= 0);
    return all_.emplace_back(fd);
  }

 private:
  std::vector<int> all_;
};

sockaddr_un address_of(const std::string& path) {
  sockaddr_un out{};
  out.sun_family = AF_UNIX;
  path.copy(out.sun_path, sizeof(out.sun_path) - 1);
  return out;
}

int arrive(const sockaddr_un& at) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
  return fd;
}

}  // namespace

TEST_CASE("the limit of open files is raised as far as it may be") {
  const LimitOf limit(200);
  CHECK(raise_descriptor_limit() == limit.before().rlim_max);
  rlimit now{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &now) == 0);
  CHECK(now.rlim_cur == limit.before().rlim_max);
}

TEST_CASE("who would take a descriptor of the reserve is turned away, and nobody else") {
  const test::TempDir dir;
  const sockaddr_un at = address_of(dir.file("door"));
  Files files;
  const int door = files.add(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(door, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
  REQUIRE(::listen(door, 8) == 0);
  for (int i = 0; i < 4; ++i) files.add(arrive(at));
  // What is accepted gets the numbers that are free now, the lowest first.
  int last = -1;
  {
    Files probe;
    for (int i = 0; i < 2; ++i) last = probe.add(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  }
  const LimitOf limit(static_cast<rlim_t>(last) + 1 + ConnectionCap::kReserve);
  const auto accept = [door] { return ::accept4(door, nullptr, nullptr, SOCK_CLOEXEC); };
  {
    ConnectionCap cap;
    files.add(accept());
    files.add(accept());
    CHECK(cap.take_refused() == 0);
    CHECK(accept() == -1);
    CHECK(errno == ECONNABORTED);
    CHECK(cap.take_refused() == 1);
    CHECK(cap.take_refused() == 0);
  }
  files.add(accept());  // nobody is refused without a cap
}

}  // namespace roundhouse::hub
