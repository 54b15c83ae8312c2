// roundhouse-engine as a program: nanny, engine process, crashes and orderly ends, against a hub
// that does what the test says.

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/support/fake_hub.hpp"
#include "tests/support/patience.hpp"
#include <roundhouse/task.hpp>

namespace roundhouse {
namespace {

using namespace std::chrono_literals;
using test::FakeHub;

const std::string kProgram = RH_BINARY_DIR "/bin/roundhouse-engine";
const std::string kModule = RH_BINARY_DIR "/lib/unruly_tasks.so";
constexpr std::uint32_t kTwice = 1, kPid = 2, kCrash = 3, kKill = 4, kLeave = 5, kWait = 6;
constexpr std::uint32_t kPrint = 7, kChildren = 8;

// What a task has started, gone with the test.
class Children {
 public:
  explicit Children(const std::vector<std::uint32_t>& processes)
      : stays_(static_cast<pid_t>(processes.at(0))), leaves_(static_cast<pid_t>(processes.at(1))) {}

  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  ~Children() {
    for (const pid_t each : {stays_, leaves_}) kill(each, SIGKILL);
  }

  [[nodiscard]] bool has_left() const { return getsid(leaves_) == leaves_; }

  // In the engine's group, and in a session of its own.
  [[nodiscard]] bool stays_is_there() const { return kill(stays_, 0) == 0; }

  [[nodiscard]] bool leaves_is_there() const { return kill(leaves_, 0) == 0; }

 private:
  pid_t stays_;
  pid_t leaves_;
};

// The program, with what it writes in files.
class EngineProgram {
 public:
  explicit EngineProgram(const test::TempDir& folder, std::vector<std::string> arguments)
      : out_(folder.file("out")), error_(folder.file("error")) {
    arguments.insert(arguments.begin(), kProgram);
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    pid_ = fork();
    REQUIRE(pid_ >= 0);
    if (pid_ > 0) return;
    constexpr int kFlags = O_WRONLY | O_CREAT | O_APPEND;
    dup2(open(out_.c_str(), kFlags, 0600), STDOUT_FILENO);
    dup2(open(error_.c_str(), kFlags, 0600), STDERR_FILENO);
    execv(kProgram.c_str(), pointers.data());
    _exit(127);
  }

  EngineProgram(const EngineProgram&) = delete;
  EngineProgram& operator=(const EngineProgram&) = delete;

  ~EngineProgram() {
    if (pid_ <= 0 || status_) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  void send_signal(int signal) const { kill(pid_, signal); }

  bool ended() {
    int status = 0;
    if (!status_ && waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
    return status_.has_value();
  }

  // The exit status; -1 for a signal.
  int exit_status() { return WIFEXITED(*status_) ? WEXITSTATUS(*status_) : -1; }

  int wait() {
    const TimePoint deadline = steady_now() + 20s;
    while (!ended()) {
      REQUIRE(steady_now() < deadline);
      test::pause_for(2ms);
    }
    return exit_status();
  }

  [[nodiscard]] std::string out() const { return test::read_file(out_); }

  [[nodiscard]] std::string error() const { return test::read_file(error_); }

 private:
  pid_t pid_ = -1;
  std::optional<int> status_;
  std::string out_, error_;
};

struct World {
  test::TempDir folder;
  std::optional<FakeHub> hub{std::in_place, folder.path()};
  std::optional<EngineProgram> engine;
  wire::Hello hello;

  explicit World(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"--connection-file", FakeHub::file_in(folder.path()),
                                       "--module",          kModule,
                                       "--log-level",       "off"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    engine.emplace(folder, arguments);
    meet();
  }

  void meet() {
    hello = hub->await_peer();
    hub->define(kTwice, "unruly_tasks::twice", signature_of<int(int)>());
    hub->define(kPid, "unruly_tasks::process_id", signature_of<std::uint32_t()>());
    hub->define(kCrash, "unruly_tasks::crash", signature_of<void(std::string)>());
    hub->define(kKill, "unruly_tasks::kill_itself", signature_of<void()>());
    hub->define(kLeave, "unruly_tasks::leave", signature_of<void(int)>());
    hub->define(kPrint, "unruly_tasks::print_and_crash", signature_of<void(std::string)>());
    hub->define(kChildren, "unruly_tasks::start_children",
                signature_of<std::vector<std::uint32_t>()>());
    hub->define(kWait, "unruly_tasks::wait_for_file", signature_of<void(std::string)>());
  }

  int await_end() {
    hub->until([&] { return engine->ended(); });
    return engine->exit_status();
  }

  wire::Died await_death() {
    hub->await_peer(wire::Role::nanny);
    hub->until([&] { return hub->died.has_value(); });
    return *std::exchange(hub->died, std::nullopt);
  }
};

TEST_CASE("the program says ready after the first welcome and runs tasks of its modules") {
  World world({"--name", "left", "--slots", "2"});
  CHECK(world.hello.label == "left");
  CHECK(world.hello.slots == 2);
  CHECK(world.hello.incarnation == 1);
  CHECK(world.hub->await_result<int>(world.hub->assign(kTwice, 4)) == 8);
  world.hub->until([&] { return world.engine->out() == "ready\n"; });
}

TEST_CASE("the program says which module it was started with, by the hash of the file") {
  World world;
  CHECK(world.hub->await_result<int>(world.hub->assign(kTwice, 4)) == 8);
  REQUIRE(world.hub->haves.size() == 1);
  const wire::Have& have = world.hub->haves.front();
  const std::string bytes = test::read_file(RH_BINARY_DIR "/lib/unruly_tasks.so");
  CHECK(have.build == content_hash(bytes));
  CHECK(have.size == bytes.size());
  CHECK(have.name == "unruly_tasks.so");
  CHECK(std::count(have.tasks.begin(), have.tasks.end(), "unruly_tasks::leave") == 1);
}

TEST_CASE("a crash is told with signal, last words and what ran, and a fresh engine follows") {
  World world;
  FakeHub& hub = *world.hub;
  const auto before = hub.await_result<std::uint32_t>(hub.assign(kPid));
  hub.stores = false;
  const auto done = hub.assign(kTwice, 3);
  const auto fatal = hub.assign(kCrash, std::string("so it ends"));
  const auto never = hub.assign(kTwice, 5);
  const wire::Died died = world.await_death();
  CHECK(died.signal == SIGSEGV);
  CHECK(died.output.find("so it ends") != std::string::npos);
  CHECK(died.restarting);
  CHECK(died.running == std::vector<wire::RunRef>{{{hub.session, fatal}, {1, 1}}});
  CHECK(hub.await_result<int>(done) == 6);
  CHECK(hub.outcomes.count(never) == 0);
  hub.stored = 2;
  hub.send(wire::Stored{2, true});
  hub.stores = true;
  hub.stored = 0;
  hub.outcomes.clear();
  const Uuid uuid = world.hello.uuid;
  world.meet();
  CHECK(world.hello.uuid == uuid);
  CHECK(world.hello.incarnation == 2);
  CHECK(world.hello.next_number == 1);
  CHECK(world.hello.epoch == 1);
  const auto after = hub.await_result<std::uint32_t>(hub.assign(kPid));
  CHECK(after != before);
  CHECK(world.engine->error().find("so it ends") != std::string::npos);
}

TEST_CASE("what a task prints is in the log, and its last words, too, when it crashes") {
  World world;
  world.hub->assign(kPrint, std::string("printed before the end"));
  CHECK(world.await_death().output == "printed before the end\n");
  CHECK(test::contains(world.engine->error(), "printed before the end\n"));
  CHECK_FALSE(test::contains(world.engine->out(), "printed"));
}

TEST_CASE("a task that calls exit is a death like any other") {
  World world;
  world.hub->assign(kLeave, 3);
  const wire::Died died = world.await_death();
  CHECK(died.signal == 0);
  CHECK(died.exit_code == 3);
  CHECK(died.restarting);
  CHECK(died.running.size() == 1);
}

TEST_CASE("outcomes that a killed process had sent to nobody are delivered by its nanny") {
  World world;
  FakeHub& hub = *world.hub;
  const std::string gate = world.folder.file("gate");
  hub.assign(kWait, gate);
  for (int i = 0; i < 100; ++i) hub.assign(kTwice, i);
  hub.assign(kKill);
  hub.serve_for(50ms);
  world.hub.reset();  // nobody is there when they end
  test::write_file(gate, "open");
  test::pause_for(200ms);
  world.hub.emplace(world.folder.path(), 2);
  const wire::Died died = world.await_death();
  CHECK(died.signal == SIGKILL);
  CHECK(died.running.size() == 1);
  for (std::uint64_t i = 0; i < 100; ++i)
    CHECK(world.hub->await_result<int>(i + 2) == 2 * static_cast<int>(i));
  CHECK(world.hub->outcome_numbers.size() == 101);
}

TEST_CASE("a crash loop is given up with a line that says so") {
  World world({"--set", "crashes_max=3"});
  for (int i = 0; i < 3; ++i) {
    world.hub->assign(kKill);
    const wire::Died died = world.await_death();
    CHECK(died.restarting == (i < 2));
    CHECK(died.given_up.empty() == (i < 2));
    if (i < 2) world.meet();
  }
  CHECK(world.await_end() == 5);
  CHECK(world.engine->error().find("3 times within") != std::string::npos);
}

TEST_CASE("SIGTERM ends it in order, with a last word about what runs and what does not") {
  World world;
  const std::string gate = world.folder.file("gate");
  const auto running = world.hub->assign(kWait, gate);
  world.hub->assign(kTwice, 1);
  world.hub->serve_for(50ms);
  world.engine->send_signal(SIGTERM);
  const wire::Died died = world.await_death();
  CHECK_FALSE(died.restarting);
  CHECK(died.running == std::vector<wire::RunRef>{{{world.hub->session, running}, {1, 1}}});
  CHECK(world.await_end() == 0);
  CHECK(world.engine->error().empty());
}

TEST_CASE("what a task has started ends with its engine's process, unless it has left its group") {
  for (const bool stopped : {false, true}) {
    CAPTURE(stopped);
    World world;
    FakeHub& hub = *world.hub;
    const Children children(hub.await_result<std::vector<std::uint32_t>>(hub.assign(kChildren)));
    hub.until([&] { return children.has_left(); });
    CHECK(children.stays_is_there());
    if (stopped)
      world.engine->send_signal(SIGTERM);
    else
      hub.assign(kLeave, 3);
    CHECK(world.await_death().restarting == !stopped);
    hub.until([&] { return !children.stays_is_there(); });  // reaped, too
    CHECK(children.leaves_is_there());
  }
}

TEST_CASE("goodbye of the hub ends the program") {
  World world;
  world.hub->send(wire::Goodbye{"shutdown"}, wire::Plane::control);
  CHECK(world.await_end() == 0);
}

TEST_CASE("a killed nanny takes its engine process along") {
  World world;
  const auto pid =
      static_cast<pid_t>(world.hub->await_result<std::uint32_t>(world.hub->assign(kPid)));
  REQUIRE(kill(pid, 0) == 0);
  world.engine->send_signal(SIGKILL);
  world.hub->until([&] { return world.engine->ended() && kill(pid, 0) != 0; });
}

TEST_CASE("without a hub it says what to do") {
  test::TempDir folder;
  EngineProgram none(folder, {"--connection-file", folder.file("engine.json")});
  CHECK(none.wait() == 3);
  CHECK(none.error().find("roundhouse start") != std::string::npos);
  CHECK(none.out().empty());
}

TEST_CASE("a connection file that a dead hub left is no hub either") {
  test::TempDir folder;
  { const FakeHub gone(folder.path()); }
  EngineProgram none(folder, {"--connection-file", folder.file("engine.json")});
  CHECK(none.wait() == 3);
  CHECK(none.error().find("--wait") != std::string::npos);
}

TEST_CASE("it waits for a hub when told to") {
  test::TempDir folder;
  EngineProgram patient(folder, {"--connection-file", folder.file("engine.json"), "--wait", "20"});
  test::pause_for(200ms);
  CHECK_FALSE(patient.ended());
  FakeHub hub(folder.path());
  hub.await_peer();
  hub.until([&] { return patient.out() == "ready\n"; });
}

TEST_CASE("a module that is not there is an error at the start") {
  test::TempDir folder;
  FakeHub hub(folder.path());
  EngineProgram broken(folder, {"--connection-file", hub.file(), "--module", "/no/such.so"});
  CHECK(broken.wait() == 1);
  CHECK(broken.error().find("/no/such.so") != std::string::npos);
}

}  // namespace
}  // namespace roundhouse
