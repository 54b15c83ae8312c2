#include "shared/fd.hpp"

#include <array>
#include <cerrno>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/support/temp_dir.hpp"

using namespace roundhouse;

TEST_CASE("a descriptor is closed with its owner, once") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  {
    Fd first(ends[0]);
    const Fd second = std::move(first);
    CHECK_FALSE(first);
    CHECK(second.get() == ends[0]);
  }
  CHECK(::fcntl(ends[0], F_GETFD) == -1);
  Fd kept(ends[1]);
  CHECK(kept.release() == ends[1]);
  kept.reset();
  CHECK(::fcntl(ends[1], F_GETFD) != -1);
  CHECK(::close(ends[1]) == 0);
}

TEST_CASE("all is written and read, however little the system takes at once") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const std::string text(1U << 20U, 'x');  // more than a pipe holds
  std::thread writer([&] {
    Fd out(ends[1]);
    CHECK(write_all(out.get(), text));
  });
  const Fd in(ends[0]);
  CHECK(read_up_to(in.get(), text.size() - 5) == text.substr(5));
  CHECK(read_up_to(in.get(), 100) == std::string(5, 'x'));  // the end comes first
  CHECK(read_up_to(in.get(), 100) == "");
  writer.join();
}

TEST_CASE("what the system refuses is told, with its reason") {
  const test::TempDir dir;
  const Fd file(::open(dir.file("f").c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0600));
  REQUIRE(file);
  CHECK_FALSE(write_all(file.get(), "x"));
  CHECK(errno == EBADF);
  CHECK_FALSE(read_up_to(-1, 1));
  CHECK(errno == EBADF);
}
