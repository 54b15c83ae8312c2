#include "shared/mailbox.hpp"

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using roundhouse::Mailbox;
using roundhouse::WakeFd;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kNow{0};
constexpr milliseconds kForever{-1};

}  // namespace

TEST_CASE("a wake-up makes the descriptor readable until it is cleared") {
  WakeFd wake;
  CHECK_FALSE(wake.wait(kNow));
  CHECK_FALSE(wake.clear());
  wake.wake();
  wake.wake();
  CHECK(wake.wait(kForever));
  CHECK(wake.clear());
  CHECK_FALSE(wake.wait(kNow));
}

TEST_CASE("a mailbox gives back everything in order") {
  Mailbox<int> box(8);
  CHECK(box.take_all().empty());
  for (int i = 0; i < 5; ++i) CHECK(box.try_push(i));
  CHECK(box.take_all() == std::vector<int>{0, 1, 2, 3, 4});
  CHECK(box.take_all().empty());
}

TEST_CASE("a full mailbox refuses and leaves the item to its owner") {
  Mailbox<std::unique_ptr<int>> box(1);
  CHECK(box.try_push(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  CHECK_FALSE(box.try_push(std::move(second)));
  REQUIRE(second != nullptr);
  CHECK(*second == 2);
  CHECK(box.take_all().size() == 1);
  CHECK(box.try_push(std::move(second)));
}

TEST_CASE("a mailbox is readable exactly while it holds something") {
  Mailbox<int> box(8);
  CHECK_FALSE(box.wait(kNow));
  CHECK(box.try_push(1));
  CHECK(box.try_push(2));
  CHECK(box.wait(kNow));
  CHECK(box.take_all().size() == 2);
  CHECK_FALSE(box.wait(kNow));
  CHECK(box.try_push(3));
  CHECK(box.wait(kNow));
}

TEST_CASE("the vector that collects the mail lends its memory to the mail that follows") {
  Mailbox<int> box(100);
  std::vector<int> mail;
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 100; ++i) CHECK(box.try_push(i));
    box.take_all(mail);
    REQUIRE(mail.size() == 100);
    CHECK(mail.back() == 99);
  }
  const int* const memory = mail.data();
  CHECK(box.try_push(1));
  box.take_all(mail);
  CHECK(box.try_push(2));
  box.take_all(mail);
  CHECK(mail.data() == memory);
}

TEST_CASE("no item of many threads is lost, and the owner never sleeps on a full box") {
  constexpr int kThreads = 4;
  constexpr int kEach = 5000;
  Mailbox<int> box(64);
  std::vector<std::jthread> senders;
  for (int t = 0; t < kThreads; ++t) {
    senders.emplace_back([&box, t] {
      for (int i = 0; i < kEach; ++i) {
        while (!box.try_push(t * kEach + i)) std::this_thread::yield();
      }
    });
  }
  std::vector<int> next(kThreads, 0);
  std::vector<int> mail;
  for (int seen = 0; seen < kThreads * kEach; seen += static_cast<int>(mail.size())) {
    REQUIRE(box.wait(kForever));
    box.take_all(mail);
    for (const int item : mail) {
      auto& expected = next[static_cast<std::size_t>(item / kEach)];
      REQUIRE(item % kEach == expected);
      ++expected;
    }
  }
  CHECK(box.take_all().empty());
}
