// Commands about tasks, against a cluster that has run some.
#include <algorithm>
#include <csignal>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/support/patience.hpp"
#include "tests/support/roundhouse_command.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::test {

namespace {

using namespace std::chrono_literals;

std::vector<std::string> ids_in(const Json& records) {
  std::vector<std::string> out;
  for (const Json& record : records) out.push_back(record.at("msg_id"));
  return out;
}

// Two engines that know the tasks for tests.
struct Worked {
  Worked() {
    const std::string module = std::string(RH_BINARY_DIR) + "/lib/process_tasks.so";
    const Ended started = roundhouse({"start", "-n", "2", "--module", module});
    REQUIRE_MESSAGE(started.exit == 0, started.err);
    client.emplace(ClientOptions{.timeout = kPatience});
    client->wait_for_engines(2, kPatience);
  }

  AsyncResult<int> slowly(int engine, int milliseconds, int value) const {
    return (*client)[engine].apply_async<int>("process_tasks::slowly", milliseconds, value);
  }

  Shell roundhouse;
  std::optional<Client> client;
};

}  // namespace

TEST_CASE("tasks lists what waits and what runs; history all there is, by what it is like") {
  Worked at;
  const auto done =
      (*at.client)[0].with({.label = "night"}).apply_async<int>("process_tasks::add", 1, 2);
  CHECK(done.get(kPatience) == 3);
  const auto running = at.slowly(1, 60'000, 1);
  const auto waiting = at.slowly(1, 0, 2);
  REQUIRE(comes_true([&] { return at.client->hub_history().size() == 3; }));

  CHECK(ids_in(at.roundhouse.json({"tasks"})) ==
        std::vector{running.msg_ids().front(), waiting.msg_ids().front()});
  CHECK(ids_in(at.roundhouse.json({"tasks", "--status", "running"})) == running.msg_ids());
  CHECK(at.roundhouse.json({"tasks", "--engine", "0"}).empty());
  CHECK(at.roundhouse.json({"history"}).size() == 3);
  CHECK(ids_in(at.roundhouse.json({"history", "--label", "ni*", "--engine", "0-1"})) ==
        done.msg_ids());
  CHECK(ids_in(at.roundhouse.json({"history", "--status", "ok", "--since", "1h"})) ==
        done.msg_ids());
  CHECK(at.roundhouse.json({"history", "--until", "1h"}).empty());
  CHECK(ids_in(at.roundhouse.json(
            {"history", "--where", R"({"$or": [{"attempt": 7}, {"engine_id": {"$in": [0]}}]})"})) ==
        done.msg_ids());
  CHECK(ids_in(at.roundhouse.json({"history", "--before", waiting.msg_ids().front()})) ==
        std::vector{running.msg_ids().front(), done.msg_ids().front()});
  const Ended table = at.roundhouse({"tasks"});
  CHECK_MESSAGE(contains(table.out, "running"), table.out);
  const Ended few = at.roundhouse({"history", "--limit", "1"});
  CHECK_MESSAGE(contains(few.out, "--before " + waiting.msg_ids().front()), few.out);
  check_one_line(at.roundhouse({"history", "--where", R"({"colour": 1})"}), "no field 'colour'");
  check_one_line(at.roundhouse({"tasks", "--status", "asleep"}), "asleep");
  check_one_line(at.roundhouse({"history", "--engine", "99"}), "there is no engine 99");
  check_one_line(at.roundhouse({"tasks", "--engine", "99"}), "there is no engine 99");
  CHECK(at.roundhouse({"history", "--engine", "1", "--label", "none"}).exit == 0);
  const Ended none = at.roundhouse({"history", "-e", ""});
  CHECK(none.exit == 2);
  check_one_line(none, "names no engines: write 3");
}

TEST_CASE("explain says why a task waits, runs or failed") {
  Worked at;
  const auto running = at.slowly(1, 60'000, 1);
  const auto waiting = at.slowly(1, 0, 2);
  REQUIRE(
      comes_true([&] { return at.client->result_status(running).running == running.msg_ids(); }));
  const auto why = [&](const std::string& id) {
    const Ended told = at.roundhouse({"explain", id});
    CHECK_MESSAGE(told.exit == 0, told.err);
    return told.out;
  };
  CHECK_MESSAGE(contains(why(running.msg_ids().front()), "engine 1 runs it"), why("last:2"));
  CHECK_MESSAGE(contains(why("last"), "behind 1 call of its client"), why("last"));
  const auto failing = (*at.client)[0].apply_async<int>("process_tasks::no_such_function");
  (void)failing.wait(kPatience);
  CHECK_MESSAGE(contains(why("last"), "UnknownFunction"), why("last"));
  CHECK(at.client->explain(failing.msg_ids().front()).state == "ended");
  check_one_line(at.roundhouse({"explain", std::string(32, '0')}), "nobody has submitted");
}

TEST_CASE("the table of a result says nothing twice, and its error where values are") {
  Worked at;
  const auto failed = (*at.client)[1].apply_async<int>("process_tasks::throws_error", "no luck");
  (void)failed.wait(kPatience);
  const std::string table = at.roundhouse({"result", "last"}).out;
  CHECK_MESSAGE(contains(table, "\nstatus        error\n"), table);
  CHECK_MESSAGE(contains(table, "\nerror         std::runtime_error: no luck\n"), table);
  CHECK_FALSE(contains(table, "\noutcome"));
  CHECK_FALSE(contains(table, "\ntargets"));
  CHECK(at.roundhouse.json({"result", "last"})[0].at("outcome") == "error");
}

TEST_CASE("a result is the value that it is, also that of a piece of a map") {
  Worked at;
  CHECK((*at.client)[0].apply_sync<int>("process_tasks::add", 1, 2) == 3);
  CHECK(at.roundhouse.json({"result", "last"})[0]["result"] == 3);
  const auto sums = at.client->load_balanced_view().map_async<int>(
      "process_tasks::add", std::vector{1, 2, 3}, std::vector{10, 10, 10});
  CHECK(sums.get(kPatience) == std::vector{11, 12, 13});
  std::vector<int> values;
  for (const Json& piece : at.roundhouse.json({"result", "all"}))
    if (piece["function"] == "map:process_tasks::add")
      for (const Json& value : piece["result"]) values.push_back(value);
  std::sort(values.begin(), values.end());
  CHECK(values == std::vector{11, 12, 13});
  CHECK_FALSE(contains(at.roundhouse({"result", "last"}).out, "base64"));
}

TEST_CASE("result and resubmit wait as long as they are told to") {
  Worked at;
  const auto slow = at.slowly(1, 60'000, 8);
  const std::string id = slow.msg_ids().front();
  for (const std::string command : {"result", "resubmit"}) {
    const Ended early = at.roundhouse({command, id, "--wait=50ms"});
    CHECK(early.exit == 1);
    check_one_line(early, "not all have ended after 50ms");
  }
  CHECK(at.roundhouse({"result", id, "--wait=soon"}).exit == 2);
}

TEST_CASE("result waits for what runs; resubmit calls it again; purge forgets it") {
  Worked at;
  const auto slow = at.slowly(0, 500, 7);
  const std::string id = slow.msg_ids().front();
  REQUIRE(comes_true([&] { return at.client->hub_history().size() == 1; }));
  const Json record = at.roundhouse.json({"result", id, "--wait"});
  REQUIRE(record.size() == 1);
  CHECK(record[0]["status"] == "ok");
  CHECK(record[0]["msg_id"] == id);

  const Json again = at.roundhouse.json({"resubmit", id, "last"});
  REQUIRE(again.size() == 2);
  CHECK(again[0]["msg_id"] != id);
  const Ended waited = at.roundhouse({"resubmit", "last", "--wait"});
  CHECK_MESSAGE(contains(waited.out, " ok "), waited.out);
  check_one_line(at.roundhouse({"resubmit", std::string(32, '0')}), "no record");

  REQUIRE(comes_true([&] { return at.roundhouse.json({"tasks"}).empty(); }));
  CHECK(at.roundhouse.json({"purge", id})["purged"] == 1);
  CHECK(at.roundhouse.json({"purge", "--older-than", "1d"})["purged"] == 0);
  CHECK(at.roundhouse.json({"purge", "--engine", "1"})["purged"] == 0);
  CHECK(at.roundhouse.json({"purge", "--where", R"({"engine_id": 0})"})["purged"] == 3);
  CHECK(at.roundhouse.json({"history"}).empty());
}

TEST_CASE("an engine whose process is started again is one of all whose records are purged") {
  const TempDir dir;
  const std::string pipe = dir.file("pipe");
  const ScopedEnv loads_later{"PROCESS_TASKS_WAIT_FOR", pipe};
  Worked at;
  CHECK((*at.client)[1].apply_sync<int>("process_tasks::add", 1, 2) == 3);
  const EngineInfo engine = at.client->engines().at(1);
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  REQUIRE(::kill(static_cast<pid_t>(engine.pid), SIGKILL) == 0);
  REQUIRE(comes_true([&] { return at.client->ids() == std::vector{0}; }));
  const Json purged = at.roundhouse.json({"purge", "--engine", "all"});
  CHECK(at.client->ids() == std::vector{0});
  CHECK(purged["purged"] == 1);
  CHECK(at.client->queue_status(1).engines.size() == 1);
  int file = -1;
  REQUIRE(comes_true([&] { return (file = ::open(pipe.c_str(), O_WRONLY | O_NONBLOCK)) >= 0; }));
  ::close(file);
  CHECK((*at.client)[1].apply_sync<int>("process_tasks::add", 1, 2) == 3);
}

}  // namespace roundhouse::test
