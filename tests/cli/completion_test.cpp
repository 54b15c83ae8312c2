#include "cli/completion.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace roundhouse::cli {

namespace {

using Words = std::vector<std::string>;

Completion completed(Words words) {
  CLI::App app("", "tool");
  std::string text;
  std::vector<std::string> texts;
  bool flag = false;
  app.add_flag("--json", flag);
  app.add_option("--cluster", text)->type_name("NAME");
  CLI::App* start = app.add_subcommand("start");
  start->add_option("--store", text)->check(CLI::IsMember({"sqlite", "memory"}));
  start->add_option("-m,--module", text)->type_name("PATH");
  start->add_option("-n", text);
  CLI::App* result = app.add_subcommand("result");
  result->add_option("ids", texts)->type_name("ID");
  result->add_option("-e,--engine", text)->type_name("ENGINES");
  result->add_option("-s,--status", text)->type_name("STATUS");
  result->add_option("-f,--function", text)->type_name("NAME");
  app.add_subcommand("engines")->add_subcommand("add");
  app.add_subcommand("secret")->group("");
  return complete(app, std::move(words));
}

}  // namespace

TEST_CASE("commands are offered where a command may stand, hidden ones never") {
  CHECK(completed({""}).words == Words{"start", "result", "engines"});
  CHECK(completed({"s"}).words == Words{"start"});
  CHECK(completed({"--json", "e"}).words == Words{"engines"});
  CHECK(completed({"engines", ""}).words == Words{"add"});
  CHECK(completed({"start", ""}).words.empty());
}

TEST_CASE("options are those of the command and of all commands, each once") {
  CHECK(completed({"start", "--"}).words ==
        Words{"--help", "--store", "--module", "--json", "--cluster"});
  CHECK(completed({"start", "--mo"}).words == Words{"--module"});
}

TEST_CASE("values that are known are offered, also after an equals sign") {
  CHECK(completed({"start", "--store", ""}).words == Words{"sqlite", "memory"});
  CHECK(completed({"start", "--store", "="}).words == Words{"sqlite", "memory"});
  CHECK(completed({"start", "--store", "=", "m"}).words == Words{"memory"});
  CHECK(completed({"start", "--store", "memory", "--st"}).words == Words{"--store"});
}

TEST_CASE("a value is taken for no command") {
  const Completion after = completed({"--cluster", "start", "res"});
  CHECK(after.words == Words{"result"});
  CHECK(after.cluster == "start");
  CHECK(completed({"start", "-n", "start"}).words.empty());
}

TEST_CASE("what only the cluster or the shell knows is asked for by its kind") {
  CHECK(completed({"start", "-m", ""}).live == Live::file);
  CHECK(completed({"--cluster", ""}).live == Live::cluster);
  CHECK(completed({"result", "-e", ""}).live == Live::engine);
  CHECK(completed({"result", "-e", ""}).words == Words{"all", "last"});
  CHECK(completed({"result", "--function", ""}).live == Live::function);
  CHECK(completed({"result", "--cluster", "night", ""}).live == Live::task);
  CHECK(completed({"result", "--cluster", "night", ""}).cluster == "night");
  CHECK(completed({"result", "last", "l"}).words == Words{"last"});
  CHECK(completed({"start", "-n", ""}).live == Live::nothing);
}

TEST_CASE("lists with commas go on behind the last one") {
  CHECK(completed({"result", "--status", "er"}).words == Words{"error"});
  CHECK(completed({"result", "--status", "ok,er"}).words == Words{"ok,error"});
  CHECK(completed({"result", "--status", "ok,"}).words.size() == 7);
  const Completion engines = completed({"result", "-e", "0,2,"});
  CHECK(engines.words.empty());  // all and last stand alone
  CHECK(engines.live == Live::engine);
  CHECK(engines.before == "0,2,");
}

TEST_CASE("no line is too strange") {
  CHECK(completed({}).words == Words{"start", "result", "engines"});
  CHECK(completed({"="}).words == Words{"start", "result", "engines"});
  CHECK(completed({"--none", "-", "=", "x"}).words.empty());
}

}  // namespace roundhouse::cli
