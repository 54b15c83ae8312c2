#include "client/dispatcher.hpp"

#include <future>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace roundhouse::test {
namespace {

TEST_CASE("calls run one after the other, in order, on another thread") {
  detail::Dispatcher dispatcher;
  dispatcher.start();
  std::vector<int> seen;
  std::thread::id where;
  for (int i = 0; i < 100; ++i) {
    REQUIRE(dispatcher.post([&seen, &where, i] {
      seen.push_back(i);
      where = std::this_thread::get_id();
    }));
  }
  dispatcher.stop();  // waits for them
  CHECK(seen.size() == 100);
  CHECK(seen.back() == 99);
  CHECK(where != std::this_thread::get_id());
}

TEST_CASE("a stopped dispatcher takes nothing, and keeps nothing") {
  detail::Dispatcher dispatcher;
  dispatcher.stop();
  dispatcher.start();
  bool called = false;
  CHECK_FALSE(dispatcher.post([&called] { called = true; }));
  dispatcher.stop();
  CHECK_FALSE(called);
}

TEST_CASE("what a call throws stays with it") {
  detail::Dispatcher dispatcher;
  dispatcher.start();
  bool called = false;
  REQUIRE(dispatcher.post([] { throw std::runtime_error("expected by this test"); }));
  REQUIRE(dispatcher.post([] { throw 1; }));
  REQUIRE(dispatcher.post([&called] { called = true; }));
  dispatcher.stop();
  CHECK(called);
}

TEST_CASE("a call may end its own dispatcher; what was posted still runs") {
  auto dispatcher = std::make_unique<detail::Dispatcher>();
  dispatcher->start();
  std::promise<void> go;
  std::promise<void> last;
  REQUIRE(dispatcher->post([&] {
    go.get_future().wait();
    dispatcher.reset();
  }));
  REQUIRE(dispatcher->post([&] { last.set_value(); }));
  go.set_value();
  last.get_future().wait();
  CHECK(dispatcher == nullptr);
}

}  // namespace
}  // namespace roundhouse::test
