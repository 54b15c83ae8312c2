#include "engine/rules.hpp"

#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "engine/task_runner.hpp"
#include <roundhouse/arguments.hpp>

namespace roundhouse::engine {
namespace {

// An engine with the test module `rule_tasks`, and a call of rule_tasks::process_id to be allowed
// there or not.
class Engine {
 public:
  Engine() {
    host_.set_engine_id(EngineId{3});
    REQUIRE(modules_.load(RH_BINARY_DIR "/lib/rule_tasks.so").ok());
  }

  template <class... A>
  void asks(const std::string& predicate, A&&... arguments) {
    rules.depend = predicate;
    rules.depend_signature = std::string(signature_of<bool(std::decay_t<A>...)>());
    rules.depend_body = encode_values(std::forward<A>(arguments)...).body;
  }

  template <class... A>
  Finish run(const std::string& function, A&&... arguments) {
    Run run;
    run.shared = std::make_shared<Template>();
    run.shared->function = function;
    run.shared->rules = std::make_unique<const Rules>(rules);
    run.payload = Payload::of(encode_values(std::forward<A>(arguments)...).body);
    return TaskRunner(modules_, host_).run(run);
  }

  // "unmet UnmetDependency: no disk here", or "ok".
  std::string outcome() {
    const Finish finish = run("rule_tasks::process_id");
    std::string out{wire::to_string(finish.ending)};
    if (finish.ending == wire::Ending::ok) return out;
    const wire::ErrorValue error = wire::decode_error(finish.payload.body());
    return out + " " + error.name + ": " + error.value;
  }

  Rules rules;

 private:
  TaskHost host_{1};
  ModuleSet modules_{host_};
};

TEST_CASE("a predicate decides whether a task is run") {
  Engine engine;
  engine.asks("rule_tasks::says", true);
  CHECK(engine.outcome() == "ok");
  engine.asks("rule_tasks::is_engine", 3U);
  CHECK(engine.outcome() == "ok");
  engine.asks("rule_tasks::says", false);
  CHECK(engine.outcome() == "unmet UnmetDependency: the predicate 'rule_tasks::says' says no");
  engine.asks("rule_tasks::refuses", std::string("no disk here"));
  CHECK(engine.outcome() == "unmet UnmetDependency: no disk here");
}

TEST_CASE("a predicate that is not here is no reason to fail the task") {
  Engine engine;
  engine.asks("has_disk", std::string("/scratch"));
  CHECK(
      engine.outcome().starts_with("unmet UnmetDependency: the predicate 'has_disk' is not here"));
  engine.asks("rule_tasks::says", 1);
  CHECK(engine.outcome().find("called as one that takes (int)") != std::string::npos);
  CHECK(engine.outcome().starts_with("unmet "));
}

TEST_CASE("a predicate that throws, or answers no boolean, fails the task and is named") {
  Engine engine;
  engine.asks("rule_tasks::breaks", std::string("oops"));
  CHECK(engine.outcome() ==
        "error std::runtime_error: the predicate 'rule_tasks::breaks' threw: oops");
  engine.asks("rule_tasks::process_id");
  engine.rules.depend_signature.clear();
  CHECK(engine.outcome().starts_with("error SerializationError: the predicate"));
  engine.asks("rule_tasks::says", std::string("yes"));
  engine.rules.depend_signature.clear();
  CHECK(engine.outcome().find("the predicate 'rule_tasks::says' threw: ") != std::string::npos);
}

TEST_CASE("modules and functions must be there, before the predicate is asked") {
  Engine engine;
  engine.asks("rule_tasks::breaks", std::string("oops"));
  engine.rules.modules = {"rule_tasks", "survey"};
  CHECK(engine.outcome() == "unmet UnmetDependency: the module 'survey' is not loaded");
  engine.rules.modules = {"rule_tasks.so"};
  engine.rules.functions = {"rule_tasks::says", "", "fft", ""};
  CHECK(engine.outcome().starts_with("unmet UnmetDependency: no task is named 'fft'"));
  engine.rules = {};
  engine.rules.functions = {"rule_tasks::says", std::string(signature_of<bool(bool)>())};
  CHECK(engine.outcome() == "ok");
  engine.rules.functions[1] = signature_of<bool(int)>();
  CHECK(engine.outcome().find("called as one that takes (int)") != std::string::npos);
}

TEST_CASE("a task that finds itself in the wrong place is unmet, too") {
  Engine engine;
  CHECK(engine.run("rule_tasks::anywhere_but", 4U).ending == wire::Ending::ok);
  const Finish finish = engine.run("rule_tasks::anywhere_but", 3U);
  CHECK(finish.ending == wire::Ending::unmet);
  CHECK(wire::decode_error(finish.payload.body()).value == "not on engine 3");
}

}  // namespace
}  // namespace roundhouse::engine
