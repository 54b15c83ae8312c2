// Calls and named data from the command line, against real engines.
#include <algorithm>
#include <csignal>

#include <doctest/doctest.h>

#include "tests/support/patience.hpp"
#include "tests/support/roundhouse_command.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::test {

namespace {

using namespace std::chrono_literals;

struct Callable {
  explicit Callable(const std::string& tasks = "process_tasks") {
    const std::string module = std::string(RH_BINARY_DIR) + "/lib/" + tasks + ".so";
    const Ended started = roundhouse({"start", "-n", "2", "--module", module});
    REQUIRE_MESSAGE(started.exit == 0, started.err);
  }

  // What it prints, when all goes well.
  [[nodiscard]] std::string out(std::vector<std::string> words) const {
    const Ended ended = roundhouse(std::move(words));
    CHECK_MESSAGE(ended.exit == 0, ended.err);
    return ended.out;
  }

  // With these bytes as standard input.
  [[nodiscard]] Ended fed(const std::string& input, const std::string& words) const {
    write_file(roundhouse.file("input"), input);
    return run({"sh", "-c",
                "'" + kBin + "/roundhouse' " + words + " < '" + roundhouse.file("input") + "'"});
  }

  Shell roundhouse;
};

}  // namespace

TEST_CASE("apply calls a function by its name, with arguments in JSON") {
  const Callable at;
  CHECK(at.out({"apply", "process_tasks::add", "1", "-2"}) == "-1\n");
  CHECK(at.out({"apply", "process_tasks::doubled", "[1, 2.5]"}) == "[2.0,5.0]\n");
  CHECK(at.out({"apply", "process_tasks::train", "night", "rate=0.25", "method=owl"}) ==
        "\"night: 0.250000 100 owl\"\n");
  CHECK(at.out({"apply", "process_tasks::train", "night", R"({"steps": 3})"}) ==
        "\"night: 0.500000 3 adam\"\n");
  CHECK(at.out({"apply", "--engine", "all", "process_tasks::add", "1", "2"}) == "0: 3\n1: 3\n");
  CHECK(at.out({"apply", "--engine", "last", "process_tasks::add", "1", "2"}) == "3\n");
  const Json both =
      at.roundhouse.json({"apply", "-e", "0-1", "-l", "[x]", "process_tasks::add", "1", "2"});
  REQUIRE(both.size() == 2);
  CHECK(both[1]["engine"] == 1);
  CHECK(both[1]["result"] == 3);
  CHECK(at.roundhouse.json({"result", both[0]["msg_id"]})[0]["label"] == "[x]");
  // Longer than what travels inside a message.
  std::string many = "[0.5";
  for (int i = 1; i < 10'000; ++i) many += ",0.5";
  CHECK(at.out({"apply", "process_tasks::total", many + "]"}) == "5000.0\n");
}

TEST_CASE("apply can leave, and can be told how long to wait") {
  const Callable at;
  std::string id = at.out({"apply", "--no-wait", "process_tasks::slowly", "100", "7"});
  REQUIRE(id.size() == 33);
  id.pop_back();
  CHECK(at.roundhouse.json({"result", "--wait", id})[0]["status"] == "ok");
  check_one_line(at.roundhouse({"apply", "--wait", "1ms", "process_tasks::slowly", "2000", "7"}),
                 "roundhouse result");
}

TEST_CASE("what cannot be called says why") {
  const Callable at;
  const auto refused = [&](std::vector<std::string> words, const char* part) {
    words.insert(words.begin(), "apply");
    const Ended ended = at.roundhouse(std::move(words));
    CHECK(ended.exit == 1);
    check_one_line(ended, part);
  };
  refused({"process_tasks::ad", "1"}, "did you mean process_tasks::add");
  refused({"process_tasks::add", "1"}, "expected 2 arguments, got 1");
  refused({"process_tasks::add", "1", "x"}, "argument 2 of 2 (int): expected an integer, got text");
  refused({"process_tasks::add", "1", "a=2"}, "members by their names");
  refused({"process_tasks::train", "x", "stps=3"}, "no member 'stps', but rate, steps, method");
  refused({"process_tasks::train", "x", "steps=few"}, "member 'steps' is of another type");
  refused({"process_tasks::throws_error", "bad luck"}, "std::runtime_error: bad luck (engine");
  refused({"process_tasks::total", "@nothing"}, "nothing is named 'nothing'");
  refused({"-e", "7", "process_tasks::add", "1", "2"}, "there is no engine 7");
  const Ended some = at.roundhouse({"apply", "-e", "all", "process_tasks::throws_error", "x"});
  CHECK(some.exit == 1);
  check_one_line(some, "2 of 2 tasks failed: std::runtime_error: x (engine 0); std::runtime_error");
  refused({"process_tasks::train", "x", R"({"stps": 3})"}, "no member 'stps'");
  CHECK(at.roundhouse({"apply", "process_tasks::total", "[1, 2"}).exit == 2);
  CHECK(at.roundhouse({"apply", "-e", "0", "--retries", "2", "process_tasks::add"}).exit == 2);
}

TEST_CASE("calls say after what they run, how urgent they are, and for how long") {
  const Callable at;
  std::string id = at.out({"apply", "--no-wait", "process_tasks::add", "1", "2"});
  id.pop_back();
  CHECK(at.out({"apply", "--after", id + "," + id, "--follow", id, "--dependency-timeout", "1min",
                "--priority", "-3", "process_tasks::add", "1", "4"}) == "5\n");
  CHECK(at.out({"map", "--after", id + "\n", "--time-limit", "1min", "process_tasks::add", "[1]",
                "[5]"}) == "6\n");
  const auto refused = [&](std::vector<std::string> words, int status, const char* part) {
    words.insert(words.begin(), "apply");
    words.insert(words.end(), {"process_tasks::slowly", "60000", "7"});
    const Ended ended = at.roundhouse(std::move(words));
    CHECK(ended.exit == status);
    CHECK_MESSAGE(contains(ended.err, part), ended.err);
  };
  refused({"--after", "12"}, 1, "'12' is no msg_id");
  refused({"--dependency-timeout", "0s"}, 1, "makes no sense");
  refused({"--time-limit", "soon"}, 2, "wants a duration");
  refused({"-e", "0", "--after", id}, 2, "leave --engine out");
  refused({"-e", "0", "--time-limit", "50ms"}, 1, "TimeLimitExceeded: the task ran for longer");
  refused({"--time-limit", "50ms"}, 1, "TimeLimitExceeded: the task ran for longer");
}

TEST_CASE("a call that is left says how to come back to it") {
  const Callable at;
  Command waiting({kBin + "/roundhouse", "apply", "process_tasks::slowly", "60000", "7"});
  REQUIRE(comes_true([&] { return at.roundhouse.json({"tasks"}).size() == 1; }));
  waiting.send(SIGINT);
  const Ended left = waiting.wait(kPatience);
  CHECK(left.exit == 1);
  check_one_line(left, "--wait` waits for it");
}

TEST_CASE("tasks are named by their places in the history, too, or all at once") {
  const Callable at;
  for (const char* number : {"1", "2", "3"})
    (void)at.out({"apply", "process_tasks::add", number, "0"});
  REQUIRE(comes_true([&] {
    return at.roundhouse.json({"history", "--status", "ok"}).size() == 3;
  }));
  const Json all = at.roundhouse.json({"result", "all"});
  REQUIRE(all.size() == 3);
  const Json two = at.roundhouse.json({"result", "0,2"});
  REQUIRE(two.size() == 2);
  CHECK(two[0]["msg_id"] == all[0]["msg_id"]);
  CHECK(two[1]["msg_id"] == all[2]["msg_id"]);
  check_one_line(at.roundhouse({"result", "1-3"}), "no task at place 3");
  CHECK(at.roundhouse.json({"purge", "0-1"})["purged"] == 2);
}

TEST_CASE("map prints a line for each element, in order or as they come") {
  const Callable at;
  CHECK(at.out({"map", "process_tasks::add", "[1,2,3]", "[10,20,30,40]"}) == "11\n22\n33\n");
  CHECK(at.out({"map", "-e", "all", "--chunk", "2", "process_tasks::add", "[1,2,3]", "[1,1,1]"}) ==
        "2\n3\n4\n");
  CHECK(at.fed("1\n2\n", "map process_tasks::add - '[5,5]'").out == "6\n7\n");
  CHECK(at.fed("a b\n\"c\"\n", "map process_tasks::throws_error -").exit == 1);
  CHECK(at.out({"map", "--unordered", "process_tasks::slowly", "[1500,0,0]", "[1,2,2]"}) ==
        "2\n2\n1\n");
  const Ended none = at.fed("", "map process_tasks::throws_error -");
  CHECK(none.exit == 0);
  CHECK(none.out.empty());
  std::string lines;
  std::string sums;
  for (int i = 0; i < 2000; ++i) {
    lines += std::to_string(i) + "\n";
    sums += std::to_string(i) + "\n";
  }
  CHECK(at.fed(
              lines, "map --chunk 3 process_tasks::slowly '[" +
                         [] {
                           std::string zeros = "0";
                           for (int i = 1; i < 2000; ++i) zeros += ",0";
                           return zeros;
                         }() +
                         "]' -")
            .out == sums);
}

TEST_CASE("what functions print is shown beside their results, by engine where there are several") {
  const Callable at("printing_tasks");
  const Ended one = at.roundhouse({"apply", "-e", "0", "printing_tasks::every_way", "x"});
  CHECK(one.exit == 0);
  CHECK(std::ranges::count(one.out, '\n') == 1);  // the process's id
  for (const char* way :
       {"cout x\n", "printf x\n", "write x\n", "child x\n", "cerr x\n", "clog x\n"})
    CHECK_MESSAGE(contains(one.err, way), one.err);
  const Ended both = at.roundhouse({"apply", "-e", "all", "printing_tasks::one_line", "7"});
  CHECK(both.out == "0: null\n1: null\n");
  CHECK_MESSAGE(contains(both.err, "[stdout:0] 7\n"), both.err);
  CHECK_MESSAGE(contains(both.err, "[stdout:1] 7\n"), both.err);
  const Json json = at.roundhouse.json({"apply", "-e", "0", "printing_tasks::every_way", "y"});
  CHECK(contains(std::string(json[0]["out"]), "cout y\n"));
  CHECK(contains(std::string(json[0]["err"]), "cerr y\n"));
  const Ended each = at.roundhouse({"map", "-e", "0", "printing_tasks::one_line", "[1,2,3]"});
  CHECK(each.out.empty());
  CHECK(each.err == "[stdout:0] 1\n[stdout:0] 2\n[stdout:0] 3\n");
  const Ended thrown = at.roundhouse({"apply", "-e", "0", "printing_tasks::throws", "last words"});
  CHECK(thrown.exit == 1);
  CHECK_MESSAGE(thrown.err.starts_with("last words\n"), thrown.err);
}

TEST_CASE("what functions print is shown while they run") {
  const Callable at("printing_tasks");
  // Whoever reads the first line lets the function go on.
  const std::string seen = at.roundhouse.file("seen");
  const Ended ended =
      run({"sh", "-c",
           kBin + "/roundhouse apply --time-limit 100s printing_tasks::two_lines " + seen +
               " 2>&1 | { read line; touch " + seen + "; echo \"read $line\"; cat; }"});
  CHECK(ended.out == "read first\nsecond\nnull\n");
}

TEST_CASE("Ctrl-C ends a map whose results come so fast that nobody waits for them") {
  const Callable at("printing_tasks");
  std::string lines;
  for (int i = 0; i < 1'000'000; ++i) lines += "1\n";
  write_file(at.roundhouse.file("input"), lines);
  Command map({"sh", "-c",
               "exec '" + kBin + "/roundhouse' map printing_tasks::one_line - < '" +
                   at.roundhouse.file("input") + "' 2>&1"});
  REQUIRE(comes_true([&] { return contains(map.out(), "] 1\n"); }));
  map.send(SIGINT);
  const Ended ended = map.wait(kPatience);
  CHECK(ended.exit == 1);
  CHECK(contains(ended.out, "roundhouse: interrupted; what was submitted goes on"));
}

TEST_CASE("map goes on when some calls fail, and tells in the end") {
  const Callable at;
  const Ended some = at.roundhouse({"map", "process_tasks::add", R"([1,"x",3])", "[1,1,1]"});
  CHECK(some.exit == 1);
  CHECK(some.out == "2\n4\n");
  CHECK_MESSAGE(contains(some.err, "element 1: SerializationError"), some.err);
  CHECK_MESSAGE(contains(some.err, "1 of 3 tasks failed"), some.err);
  const Ended unknown = at.roundhouse({"map", "process_tasks::ad", "[1,2,3]"});
  CHECK(unknown.exit == 1);
  check_one_line(unknown, "did you mean");
  CHECK(at.roundhouse({"map", "process_tasks::add", "5"}).exit == 2);
}

TEST_CASE("push gives engines named values, which tasks and pull find") {
  const Callable at;
  CHECK(at.out({"push", "limit=5", "samples=[1, 2.5]", "who=night owl"}).empty());
  CHECK(at.out({"pull", "-e", "0", "samples"}) == "[1.0,2.5]\n");
  CHECK(at.out({"pull", "who", "limit"}) ==
        "0: who = \"night owl\"\n0: limit = 5\n1: who = \"night owl\"\n1: limit = 5\n");
  CHECK(at.out({"apply", "-e", "1", "process_tasks::scaled_limit", "3"}) == "15\n");
  CHECK(at.out({"apply", "-e", "1", "process_tasks::total", "@samples"}) == "3.5\n");
  CHECK(at.roundhouse.json({"push", "-e", "1", "limit:double=5"})["engines"] == Json({1}));
  CHECK(at.roundhouse.json({"pull", "limit"})[1]["values"]["limit"] == 5.0);
  const Client client({.timeout = kPatience});
  CHECK(client[1].pull<double>("limit").get(kPatience) == 5.0);
  client[0].push({{"table", std::map<int, bool>{{1, true}}}}).get(kPatience);
  CHECK(at.out({"pull", "-e", "0", "table"}) == "{\"1\":true}\n");
  check_one_line(at.roundhouse({"pull", "-e", "0", "nothing"}), "nothing is named 'nothing'");
  CHECK(at.roundhouse({"push", "samples=[]"}).exit == 2);
}

}  // namespace roundhouse::test
