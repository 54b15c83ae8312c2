#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <roundhouse/buffer.hpp>

using namespace roundhouse;

TEST_CASE("a buffer keeps what it was given, by copy or by taking it over") {
  std::string text(1000, 'x');
  const char* address = text.data();
  const Buffer copied = Buffer::copy(text);
  const Buffer taken = Buffer::take(std::move(text));
  CHECK(taken.data() == address);
  CHECK(copied.data() != address);
  CHECK(copied == taken);
  CHECK(copied.size() == 1000);
}

TEST_CASE("an empty buffer is empty in each of its forms") {
  CHECK(Buffer{}.empty());
  CHECK_FALSE(Buffer{});
  CHECK(Buffer::take("").empty());
  CHECK(Buffer::copy("").empty());
  CHECK(static_cast<bool>(Buffer::copy("")));
  CHECK(Buffer{} == Buffer::copy(""));
}

TEST_CASE("handles are counted") {
  Buffer one = Buffer::copy("abc");
  CHECK(one.owners() == 1);
  {
    const Buffer two = one;  // NOLINT(performance-unnecessary-copy-initialization): it is counted
    CHECK(one.owners() == 2);
    CHECK(two.data() == one.data());
  }
  CHECK(one.owners() == 1);
  const Buffer moved = std::move(one);
  CHECK(moved.owners() == 1);
  Buffer assigned;
  assigned = moved;
  CHECK(moved.owners() == 2);
  Buffer& itself = assigned;
  assigned = itself;
  CHECK(assigned.view() == "abc");
  CHECK(moved.owners() == 2);
  CHECK(Buffer{}.owners() == 0);
}

TEST_CASE("a shared buffer lets go of its keeper with the last handle") {
  auto keeper = std::make_shared<std::string>("bytes of somebody else");
  const std::weak_ptr<std::string> watch = keeper;
  Buffer buffer = Buffer::share(keeper, *keeper);
  keeper.reset();
  CHECK_FALSE(watch.expired());
  CHECK(buffer.view() == "bytes of somebody else");
  buffer = Buffer{};
  CHECK(watch.expired());
}

TEST_CASE("handles may be copied and dropped by many threads at once") {
  const Buffer buffer = Buffer::copy("abc");
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&buffer] {
        for (int n = 0; n < 1000; ++n) {
          const Buffer mine = buffer;  // NOLINT(performance-unnecessary-copy-initialization)
          if (mine.size() != 3) std::terminate();
        }
      });
  }
  CHECK(buffer.owners() == 1);
}

TEST_CASE("a slice is a part that holds the whole") {
  Buffer whole = Buffer::copy("head|tail");
  const Slice part{whole, whole.view().substr(5)};
  const Slice nothing{whole, std::string_view{}};
  const Buffer* gone = &whole;
  whole = Buffer{};
  CHECK(gone->empty());
  CHECK(part.view() == "tail");
  CHECK(part == Slice{Buffer::copy("tail")});
  CHECK(nothing.view().empty());
  CHECK(Slice{}.view().empty());
}
