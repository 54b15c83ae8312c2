#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/command.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/roundhouse_command.hpp"
#include "tests/support/temp_dir.hpp"

namespace roundhouse::test {

namespace {

const std::string kNobody = std::string(32, '0');

}  // namespace

TEST_CASE("a cluster is started, listed, looked at and stopped") {
  const Shell roundhouse;
  const Ended started = roundhouse({"start", "-n", "2"});
  REQUIRE_MESSAGE(started.exit == 0, started.err);
  CHECK(contains(started.out, "2 engines"));

  const Json clusters = roundhouse.json({"list"});
  REQUIRE(clusters.size() == 1);
  CHECK(clusters[0]["cluster"] == "default");
  CHECK(clusters[0]["state"] == "running");
  CHECK(roundhouse({"list"}).out.find("default") != std::string::npos);

  const Json status = roundhouse.json({"status"});
  CHECK(status["cluster"] == "default");
  CHECK(status["engine_list"].size() == 2);
  CHECK(contains(roundhouse({"status"}).out, "online"));

  const Json engines = roundhouse.json({"engines"});
  REQUIRE(engines.size() == 2);
  CHECK(engines[0]["state"] == "online");
  CHECK(contains(roundhouse({"engines"}).out, "ENGINE"));

  const Ended stopped = roundhouse({"stop"});
  CHECK_MESSAGE(stopped.exit == 0, stopped.err);
  CHECK(roundhouse.json({"list"}).empty());
  CHECK_FALSE(std::filesystem::exists(roundhouse.file("run/default")));
}

TEST_CASE("a hub without engines is a cluster, too, and engines can be added") {
  const Shell roundhouse;
  const Ended started = roundhouse({"start", "-n", "0"});
  REQUIRE(started.exit == 0);
  CHECK(contains(started.out, "a hub and no engines: add some with `roundhouse engines add N`"));
  CHECK(contains(roundhouse({"engines"}).out, "no engines"));
  const Ended early = roundhouse({"push", "a=1"});
  CHECK(contains(early.err, "no engine is here: `roundhouse engines add N` starts some"));
  const Ended added = roundhouse({"engines", "add", "2"});
  CHECK_MESSAGE(added.exit == 0, added.err);
  CHECK(roundhouse.json({"engines"}).size() == 2);
}

TEST_CASE("the policy is chosen at the start, shown, and changed") {
  const Shell roundhouse;
  const Ended wrong = roundhouse({"start", "-n", "0", "--policy", "rondom"});
  CHECK(wrong.exit == 1);
  CHECK(contains(wrong.err, "did you mean 'random'?"));
  REQUIRE(roundhouse({"start", "-n", "0", "--policy", "lru"}).exit == 0);
  CHECK(roundhouse({"policy"}).out == "lru\n");
  CHECK(roundhouse({"policy", "two_choices"}).out == "two_choices\n");
  CHECK(roundhouse.json({"policy"})["policy"] == "two_choices");
  CHECK(roundhouse.json({"status"})["policy"] == "two_choices");
  const Ended unknown = roundhouse({"policy", "two_choises"});
  CHECK(unknown.exit == 1);
  check_one_line(unknown, "did you mean 'two_choices'?");
  // Asked of the database, and so answered when it has what was before.
  CHECK(roundhouse({"history"}).exit == 0);
  const int hub = roundhouse.json({"status"})["pid"];
  REQUIRE(::kill(hub, SIGKILL) == 0);
  CHECK(roundhouse({"policy"}).out == "two_choices\n");
  CHECK(roundhouse.json({"status"})["pid"] != hub);
  REQUIRE(roundhouse({"stop"}).exit == 0);
  REQUIRE(roundhouse({"start", "-n", "0", "--policy", "lru"}).exit == 0);
  CHECK(roundhouse({"policy"}).out == "lru\n");
}

TEST_CASE("a module is shipped, also before there is an engine, and listed") {
  const Shell roundhouse;
  const std::string path = std::string(RH_BINARY_DIR) + "/lib/shipped/which1.so";
  REQUIRE(roundhouse({"start", "-n", "0"}).exit == 0);
  CHECK(contains(roundhouse({"modules"}).out, "no modules"));
  const Ended early = roundhouse({"load", path});
  CHECK_MESSAGE(early.exit == 0, early.err);
  CHECK(contains(early.out, "no engine is here yet"));
  REQUIRE(roundhouse({"engines", "add", "2"}).exit == 0);
  const Json loaded = roundhouse.json({"load", path});
  REQUIRE(loaded.size() == 2);
  CHECK(loaded[1]["engine"] == 1);
  CHECK(loaded[1]["module"] == "which");
  CHECK(loaded[1]["tasks"].size() == 4);
  const Ended table = roundhouse({"load", path});
  CHECK(contains(table.out, "shipped::only_in_one"));

  const Json modules = roundhouse.json({"modules"});
  REQUIRE(modules.size() == 1);
  CHECK(modules[0]["name"] == "which1.so");
  CHECK(modules[0]["kept"] == true);
  CHECK(modules[0]["build"] == loaded[0]["build"]);
  CHECK(modules[0]["engines"].size() == 2);
  CHECK(modules[0]["engines"][0]["state"] == "loaded");
  CHECK(contains(roundhouse({"modules"}).out, "which1.so"));
  const std::string build = modules[0]["build"];
  const Ended short_of = roundhouse({"modules", "remove", build.substr(0, 7)});
  CHECK(short_of.exit == 1);
  check_one_line(short_of, "8 of its 64");
  CHECK(roundhouse.json({"modules", "remove", build.substr(0, 8)})["removed"] == build);
  CHECK(roundhouse.json({"modules"})[0]["kept"] == false);
  const Ended removed = roundhouse({"modules"});
  CHECK(contains(removed.out, "is on engines that loaded it alone"));
  CHECK_FALSE(contains(removed.out, "started with"));

  const std::string bad = std::string(RH_BINARY_DIR) + "/lib/shipped/lacks_symbol.so";
  const Ended refused = roundhouse({"load", bad});
  CHECK(refused.exit == 1);
  check_one_line(refused, "nobody_has_this_function");
  check_one_line(refused, "engine 0 could not load");
  check_one_line(refused, "engine 1 could not load");
  const Ended missing = roundhouse({"load", roundhouse.file("nothing.so")});
  CHECK(missing.exit == 1);
  check_one_line(missing, "cannot read the module");
}

TEST_CASE("without a hub, what asks one says what to do and exits with 3") {
  const Shell roundhouse;
  const std::vector<std::vector<std::string>> commands{
      {"status"},         {"engines"},         {"engines", "add", "1"},
      {"history"},        {"result", kNobody}, {"stop"},
      {"purge", "--all"}, {"tasks"},           {"resubmit", kNobody},
      {"modules"},        {"load", "x.so"},    {"modules", "remove", "12345678"},
      {"policy"}};
  for (const auto& command : commands) {
    CAPTURE(command.front());
    const Ended ended = roundhouse(command);
    CHECK(ended.exit == 3);
    check_one_line(ended, "no hub is running");
  }
  CHECK(roundhouse({"list"}).exit == 0);
  CHECK(roundhouse({"stop", "--all"}).exit == 0);
}

TEST_CASE("a cluster of another name is not there, and the list of those that are is named") {
  const Shell roundhouse;
  REQUIRE(roundhouse({"start", "-n", "0", "--cluster", "night"}).exit == 0);
  for (const char* command : {"stop", "status"}) {
    const Ended ended = roundhouse({command, "--cluster", "nihgt"});
    CHECK(ended.exit == 3);
    check_one_line(ended, "`roundhouse list` shows those that are");
  }
}

TEST_CASE("a cluster that was killed is said to be dead at once, and can be removed or started") {
  const Shell roundhouse;
  for (const bool again : {true, false}) {
    REQUIRE(roundhouse({"start", "-n", "1"}).exit == 0);
    const Json cluster = roundhouse.json({"list"})[0];
    // The supervisor must not start the hub again, and would end it in good order if it died first.
    const auto supervisor = cluster["supervisor_pid"].get<pid_t>();
    kill(supervisor, SIGSTOP);
    kill(cluster["hub_pid"].get<pid_t>(), SIGKILL);
    kill(supervisor, SIGKILL);  // engines die with it
    REQUIRE(comes_true([&] { return roundhouse.json({"list"})[0]["state"] == "dead"; }));
    // Whoever waited for the hub would still do so when run() gives up.
    const std::vector<std::vector<std::string>> commands{
        {"status"}, {"engines"}, {"history"}, {"engines", "add", "1"}};
    for (std::vector<std::string> command : commands) {
      command.insert(command.end(), {"--timeout", "1h"});
      const Ended ended = roundhouse(command);
      CHECK(ended.exit == 3);
      check_one_line(ended,
                     "cluster 'default' died: `roundhouse stop` removes its files, "
                     "`roundhouse start` starts it again");
    }
    CHECK(roundhouse({again ? "start" : "stop"}).exit == 0);
    CHECK(roundhouse({"status"}).exit == (again ? 0 : 3));
    if (again) CHECK(roundhouse({"stop"}).exit == 0);
  }
}

TEST_CASE("the help of status explains every word of its table and every key of its JSON") {
  const Shell roundhouse;
  REQUIRE(roundhouse({"start", "-n", "0"}).exit == 0);
  const std::string help = roundhouse({"status", "--help"}).out;
  const Json status = roundhouse.json({"status"});
  for (const auto& [key, value] : status.items()) {
    if (key == "cluster" || key == "engine_list") continue;
    CHECK_MESSAGE(contains(help, " " + key + " "), key);
  }
  const std::string table = roundhouse({"status"}).out;
  for (const char* line : {"hub          cluster         default\n", "starts          1\n",
                           "records         ok\n", "clients      known           1\n"})
    CHECK_MESSAGE(contains(table, line), table);
  CHECK_FALSE(contains(table, "besides"));
}

TEST_CASE("a second hub on one run directory is refused with 4, and the first goes on") {
  const Shell roundhouse;
  REQUIRE(roundhouse({"start", "-n", "1"}).exit == 0);
  const Ended second = roundhouse({"start", "-n", "1"});
  CHECK(second.exit == 4);
  check_one_line(second, "default");
  CHECK(roundhouse.json({"engines"}).size() == 1);
}

TEST_CASE("two clusters live beside each other; stop --all ends both") {
  const Shell roundhouse;
  REQUIRE(roundhouse({"start", "-n", "0", "--cluster", "a"}).exit == 0);
  REQUIRE(roundhouse({"--cluster", "b", "start", "-n", "1"}).exit == 0);
  CHECK(roundhouse.json({"list"}).size() == 2);
  CHECK(roundhouse.json({"engines", "--cluster", "a"}).empty());
  CHECK(roundhouse.json({"engines", "--cluster", "b"}).size() == 1);
  CHECK(roundhouse({"stop", "--all"}).exit == 0);
  CHECK(roundhouse.json({"list"}).empty());
}

TEST_CASE("a command line that makes no sense exits with 2 and one line") {
  const Shell roundhouse;
  check_one_line(roundhouse({"strat"}), "there is no command 'strat' (nearest: start)");
  check_one_line(roundhouse({"start", "-n", "-1"}), "(see `roundhouse start --help`)");
  check_one_line(roundhouse({"engines", "add"}), "how many? `roundhouse engines add 2`");
  check_one_line(roundhouse({"result"}), "which tasks? Give their ids, last or last:N");
  const std::vector<std::vector<std::string>> commands{{},
                                                       {"dance"},
                                                       {"start", "-n", "-1"},
                                                       {"start", "-n", "many"},
                                                       {"start", "--store", "cloud"},
                                                       {"start", "--module", "/nowhere/x.so"},
                                                       {"start", "--slots", "0"},
                                                       {"start", "--timeout", "soon"},
                                                       {"result"},
                                                       {"bench"},
                                                       {"bench", "latency", "--pairs", "0"},
                                                       {"engines", "add"},
                                                       {"history", "--limit", "0"},
                                                       {"purge", "--older-than", "yesterday"},
                                                       {"resubmit"}};
  for (const auto& command : commands) {
    CAPTURE(command.size());
    const Ended ended = roundhouse(command);
    CHECK(ended.exit == 2);
    CHECK(std::ranges::count(ended.err, '\n') == 1);
  }
  for (const char* command : {"start", "stop", "status", "history"}) {
    const Ended named = roundhouse({command, "--cluster", "../x"});
    CHECK(named.exit == 2);
    check_one_line(named, "../x");
  }
}

TEST_CASE("ids that are none, or of nobody, are said to be so") {
  const Shell roundhouse;
  REQUIRE(roundhouse({"start", "-n", "0"}).exit == 0);
  CHECK(roundhouse({"result", "4x2"}).exit == 2);
  CHECK(roundhouse({"result", "last:x"}).exit == 2);
  CHECK(roundhouse({"purge"}).exit == 2);
  CHECK(roundhouse({"purge", "--all", kNobody}).exit == 2);
  const Ended below = roundhouse({"purge", "--engine", "-1"});
  CHECK(below.exit == 2);
  check_one_line(below, "'-1' names no engines");
  const Ended unknown = roundhouse({"purge", "--engine", "99"});
  CHECK(unknown.exit == 1);
  check_one_line(unknown, "there is no engine 99");
  const Ended none = roundhouse({"result", kNobody});
  CHECK(none.exit == 1);
  check_one_line(none, kNobody);
  const Ended last = roundhouse({"result", "last"});
  CHECK(last.exit == 1);
  check_one_line(last, "no record");
  const Json error = Json::parse(roundhouse({"--json", "result", kNobody}).err);
  CHECK(error["error"] == "unknown_task");
  CHECK(roundhouse.json({"history"}).empty());
  CHECK(roundhouse.json({"purge", "--all"})["purged"] == 0);
}

TEST_CASE("a module that is none stops the start, with the reason, and leaves nothing running") {
  const Shell roundhouse;
  const std::string path = roundhouse.file("not_a_module.so");
  for (const std::string text : {"no", "\x7f\x45LF, but no more"}) {
    write_file(path, text);
    const Ended ended = roundhouse({"start", "-n", "1", "--module", path});
    CHECK(ended.exit == 1);
    check_one_line(ended, path);
    CHECK(roundhouse.json({"list"}).empty());
  }
  write_file(path, "a text");
  const Ended text = roundhouse({"--json", "start", "--module", path});
  CHECK(text.exit == 1);
  CHECK(Json::parse(text.err)["error"] == "unknown_module");
  CHECK_MESSAGE(contains(text.err, "is no module (no shared library)"), text.err);
}

TEST_CASE("a run directory that others can read is refused") {
  const Shell roundhouse;
  namespace fs = std::filesystem;
  fs::create_directories(roundhouse.file("run/default"));
  fs::permissions(roundhouse.file("run/default"), fs::perms(0755));
  const Ended ended = roundhouse({"start", "-n", "0"});
  CHECK(ended.exit == 1);
  CHECK_MESSAGE(contains(ended.err, roundhouse.file("run/default")), ended.err);
}

TEST_CASE("in the foreground a signal stops everything") {
  const Shell roundhouse;
  Command foreground({kBin + "/roundhouse", "start", "-n", "1", "--foreground"});
  for (int i = 0; i < 60 * RH_TEST_SLOWDOWN && roundhouse({"status"}).exit != 0; ++i)
    (void)run({"sleep", "0.2"});
  foreground.send(SIGINT);
  const Ended ended = foreground.wait(std::chrono::seconds{30 * RH_TEST_SLOWDOWN});
  CHECK_MESSAGE(ended.exit == 0, ended.err);
  CHECK(roundhouse.json({"list"}).empty());
}

TEST_CASE("help and version are no errors") {
  const Shell roundhouse;
  const Ended help = roundhouse({"--help"});
  CHECK(help.exit == 0);
  CHECK(contains(help.out, "Exit codes"));
  CHECK_FALSE(contains(roundhouse({"bench", "--help"}).out, "A process of the relay"));
  CHECK_FALSE(contains(help.out, "supervise"));
  const Ended start = roundhouse({"start", "--help"});
  CHECK(start.exit == 0);
  for (const char* part : {"0 to 1024", "sqlite (default)", "relaxed (default", "500ms, 10s, 2min"})
    CHECK_MESSAGE(contains(start.out, part), start.out);
  CHECK(contains(roundhouse({"--version"}).out, "roundhouse "));
}

}  // namespace roundhouse::test
