#include "engine/task_host.hpp"

#include <string>

#include <doctest/doctest.h>

#include <roundhouse/arguments.hpp>
#include <roundhouse/this_engine.hpp>

namespace rh = roundhouse;
namespace this_engine = roundhouse::this_engine;
using rh::engine::TaskHost;

namespace {

TEST_CASE("this_engine speaks to the host of the call") {
  std::string progress;
  TaskHost host(3, [&](double fraction, std::string_view text) {
    progress = std::string(text) + " " + std::to_string(fraction);
  });
  host.set_engine_id(rh::EngineId{5});
  const rh::Invocation call{{}, {}, &host};
  const rh::detail::CallScope scope(call);
  CHECK(this_engine::id() == 5);
  CHECK(this_engine::slots() == 3);
  CHECK_FALSE(this_engine::stop_requested());
  this_engine::progress(0.5, "half");
  CHECK(progress == "half 0.500000");

  this_engine::set("n", 4);
  CHECK(this_engine::has("n"));
  ++this_engine::get<int>("n");
  CHECK(this_engine::get<const int>("n") == 5);
  CHECK(host.data().names() == this_engine::names());
  CHECK_THROWS_AS((void)this_engine::get<double>("n"), rh::TypeError);
  CHECK_THROWS_AS((void)this_engine::get<int>("m"), rh::NameError);
}

TEST_CASE("an object that a task got hold of outlives its name, until the task ends") {
  TaskHost host(1);
  const rh::Invocation call{{}, {}, &host};
  const rh::detail::CallScope scope(call);
  this_engine::set("text", std::string(100, 'x'));
  const std::string& text = this_engine::get<std::string>("text");
  host.clear();
  CHECK_FALSE(this_engine::has("text"));
  CHECK(text == std::string(100, 'x'));
}

TEST_CASE("without progress function, progress goes nowhere") {
  TaskHost host(1);
  host.report_progress(1, "done");
  CHECK(host.engine_id() == 0);
}

}  // namespace
