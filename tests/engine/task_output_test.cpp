#include "engine/task_output.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <future>
#include <iostream>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "shared/clock.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/pipe.hpp"

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

TEST_CASE("a task that returns what it prints has all of it, and a line for what is too much") {
  TaskOutput output;
  output.keep_whole();
  CHECK(output.take_whole().out.empty());  // no task
  output.begin(0, kTask, kFence, steady_now());
  std::cout << "not asked for " << std::flush;
  CHECK(output.take_whole().out.empty());
  output.keep_whole();
  const std::string line = std::string(1023, 'x') + "\n";
  const std::size_t lines = TaskOutput::kWholeBytesMax / line.size();
  for (std::size_t i = 0; i < lines; ++i) std::cout << line;
  std::cout << "more";
  std::fputs("oh no", stderr);
  const TaskOutput::Text text = output.take_whole();
  CHECK(text.out.size() == TaskOutput::kWholeBytesMax + 20);
  CHECK(text.out.ends_with("x\n\n... (4 more bytes)\n"));
  CHECK(text.err == "oh no");
  std::cout << "behind";
  CHECK(output.take_whole().out.empty());
  CHECK(printed_of(output.end(0, 1s)).out.text().ends_with("morebehind"));
}

TEST_CASE("a child that goes on printing is not waited for") {
  TaskOutput output;
  output.begin(0, kTask, kFence, steady_now());
  CHECK(std::system("echo now; (sleep 30; echo late) & ") == 0);
  CHECK(printed_of(output.end(0, 1s)).out.text() == "now\n");
}

TEST_CASE("no descriptors are left behind") {
  const int free = ::dup(0);
  ::close(free);
  for (int i = 0; i < 20; ++i) TaskOutput output;
  const int then = ::dup(0);
  ::close(then);
  CHECK(free == then);
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

TEST_CASE("whenever a process dies, its last words are passed on or in the pipes, and kept once") {
  std::cout.flush();
  const std::vector<SeatRun> running{{0, {kTask, kFence}}};
  for (int round = 0; round < 30; ++round) {
    test::Pipe log;
    test::Pipe tasks;
    test::Pipe taken;
    const OwnPrintedCells own;
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::dup2(log.write.get(), STDOUT_FILENO);
      TaskOutput output({::dup(tasks.read.get()), ::dup(tasks.write.get()), ::dup(taken.read.get()),
                         ::dup(taken.write.get()), -1, -1, -1, -1},
                        &own.cells());
      output.begin(0, kTask, kFence, steady_now());
      for (int i = 0;; ++i) {
        const std::string line = std::to_string(i) + "\n";
        static_cast<void>(!::write(STDOUT_FILENO, line.data(), line.size()));
      }
    }
    log.write.reset(), tasks.write.reset(), taken.write.reset();
    // It goes on until it has been heard for a while: then it dies wherever it happens to be.
    std::string heard(static_cast<std::size_t>(17'977 * (round + 1)), ' ');
    for (std::size_t at = 0; at < heard.size();) {
      const ssize_t got = ::read(log.read.get(), heard.data() + at, heard.size() - at);
      REQUIRE(got > 0);
      at += static_cast<std::size_t>(got);
    }
    ::kill(child, SIGKILL);
    REQUIRE(::waitpid(child, nullptr, 0) == child);
    heard += log.rest();
    const PipeRest rest{taken.rest(), tasks.rest()};
    heard += rest.taken + rest.unread;
    std::istringstream lines(heard);
    std::string line;
    int next = 0;
    while (std::getline(lines, line) && !lines.eof() && line == std::to_string(next)) ++next;
    CHECK(lines.eof());
    const wire::PrintedStream kept = own.cells().read(running, {rest, {}}).printed.at(0).out;
    CHECK(kept.total == heard.size());
    CHECK(heard.starts_with(kept.head));
    CHECK(heard.ends_with(kept.tail));
  }
}

}  // namespace
}  // namespace roundhouse::engine
