#include "engine/task_output.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <future>
#include <iostream>
#include <string>
#include <thread>

#include <unistd.h>

#include <doctest/doctest.h>

#include "shared/clock.hpp"
#include "tests/support/patience.hpp"

namespace roundhouse::engine {
namespace {

using namespace std::chrono_literals;

constexpr TaskId kTask{SessionId{7}, 3};
constexpr Fence kFence{2, 1};

wire::Printed printed_of(const TaskOutput::Ended& ended) {
  return wire::decode_printed(ended.printed.view());
}

// What was told, put together.
struct Told {
  std::mutex mutex;
  std::string text;
  std::vector<wire::Output> parts;

  TaskOutput::Tell function() {
    return [this](std::vector<wire::Output>&& parts_now) {
      const std::lock_guard lock(mutex);
      for (wire::Output& part : parts_now) {
        text += part.text;
        parts.push_back(std::move(part));
      }
    };
  }

  bool has(const std::string& wanted) {
    const std::lock_guard lock(mutex);
    return text == wanted;
  }
};

TEST_CASE("what C++, C, threads and children write is kept for the outcome") {
  TaskOutput output;
  output.begin(0, kTask, kFence, steady_now());
  std::cout << "one ";
  std::printf("two ");
  std::jthread([] { std::cout << "three " << std::flush; }).join();
  CHECK(std::system("echo four; echo five >&2") == 0);
  std::fputs("six", stderr);
  const wire::Printed printed = printed_of(output.end(0, 1s));
  CHECK(printed.out.text() == "one two three four\n");
  CHECK(printed.err.text() == "five\nsix");
}

TEST_CASE("a task has its own output, and none of the one before") {
  TaskOutput output;
  for (int i = 0; i < 200; ++i) {
    output.begin(0, kTask, kFence, steady_now());
    std::cout << i;
    CHECK(printed_of(output.end(0, 0ns)).out.text() == std::to_string(i));
    output.begin(0, kTask, kFence, steady_now());
    CHECK(output.end(0, 0ns).printed.size == 0);
  }
}

TEST_CASE("output of streams that are not synchronised with C's is found, too") {
  TaskOutput output;
  output.begin(0, kTask, kFence, steady_now());
  std::filebuf own;  // as std::ios::sync_with_stdio(false) gives std::cout one
  REQUIRE(own.open("/dev/stdout", std::ios::out) != nullptr);
  std::streambuf* const before = std::cout.rdbuf(&own);
  std::cout << "buffered";
  const TaskOutput::Ended ended = output.end(0, 0ns);
  std::cout.rdbuf(before);
  CHECK(printed_of(ended).out.text() == "buffered");
}

TEST_CASE("a task that runs for a while is heard, with its place in the stream") {
  Told told;
  TaskOutput output;
  output.tell(told.function());
  output.begin(0, kTask, kFence, steady_now());
  std::cout << "first\n" << std::flush;
  REQUIRE(test::comes_true([&] { return told.has("first\n"); }));
  std::cout << "second\n" << std::flush;
  REQUIRE(test::comes_true([&] { return told.has("first\nsecond\n"); }));
  CHECK(wire::decode_printed(output.so_far(0).view()).out.text() == "first\nsecond\n");
  const TaskOutput::Ended ended = output.end(0, 1s);
  CHECK(printed_of(ended).out.text() == "first\nsecond\n");
  CHECK(ended.parts.empty());  // the outcome says it all
  const std::lock_guard lock(told.mutex);
  REQUIRE(told.parts.size() == 2);
  CHECK(told.parts[1].session == kTask.session);
  CHECK(told.parts[1].sequence == kTask.sequence);
  CHECK(told.parts[1].epoch == kFence.epoch);
  CHECK(told.parts[1].attempt == kFence.attempt);
  CHECK(told.parts[1].stream == 1);
  CHECK(told.parts[1].offset == 6);
}

TEST_CASE("what the outcome leaves out is told before it, up to the bound") {
  Told told;
  TaskOutput output;
  output.tell(told.function());
  output.begin(0, kTask, kFence, steady_now());
  const std::string line = std::string(1023, 'x') + "\n";
  for (std::size_t i = 0; i < 3 * wire::kLiveBytesMax / line.size(); ++i) std::cout << line;
  const TaskOutput::Ended ended = output.end(0, 1s);
  output.tell(nullptr);
  std::string heard = told.text;
  for (const wire::Output& part : ended.parts) {
    CHECK(part.offset == heard.size());
    heard += part.text;
  }
  CHECK(heard.size() == wire::kLiveBytesMax);
  const wire::Printed printed = printed_of(ended);
  CHECK(printed.out.total == 3 * wire::kLiveBytesMax);
  CHECK(printed.out.head.size() + printed.out.tail.size() == wire::kPrintedBytesMax);
}

TEST_CASE("what a command writes belongs to the task of its thread") {
  TaskOutput output;
  output.add(0, "to nobody");
  std::promise<void> began;
  std::promise<void> told;
  std::jthread other([&] {
    output.begin(1, {SessionId{7}, 4}, kFence, steady_now());
    began.set_value();
    told.get_future().wait();
    output.add(1, "other");
    CHECK(printed_of(output.end(1, 1s)).err.text() == "other");
  });
  output.begin(0, kTask, kFence, steady_now());
  began.get_future().wait();
  output.add(0, "mine");
  output.add(9, "no stream");
  told.set_value();
  other.join();
  CHECK(printed_of(output.end(0, 1s)).out.text() == "mine");
}

TEST_CASE("while several tasks run the descriptors are the last one's, then its predecessor's") {
  TaskOutput output;
  output.begin(0, kTask, kFence, steady_now());
  output.begin(1, {SessionId{7}, 4}, kFence, steady_now());
  std::cout << "for the last" << std::flush;
  CHECK(printed_of(output.end(1, 1s)).out.text() == "for the last");
  std::cout << "for the first" << std::flush;
  CHECK(printed_of(output.end(0, 1s)).out.text() == "for the first");
}

}  // namespace
}  // namespace roundhouse::engine
