// What a nanny tells of a process that died.
#include <string>

#include "tests/engine/core_harness.hpp"

namespace roundhouse::engine::testing {
namespace {

wire::Died will_of(ProcessEnded ended) {
  const TimePoint now{std::chrono::hours{1}};
  NannyOptions options;
  options.uuid = kUuid;
  NannyCore core(options, now);
  NannyOutbox out;
  core.start(now, out);
  core.on_process_ended(std::move(ended), now, out);
  core.on_link(500, now, out);
  core.on_message(Plane::control, wire::encode(welcome_of(1)), now, out);
  out.clear();
  core.on_message(Plane::task, wire::encode(welcome_of(1)), now, out);
  core.check_invariants();
  Heard heard;
  for (const Send& send : out.sends) heard.take(send);
  REQUIRE(heard.deaths.size() == 1);
  return heard.deaths[0];
}

TEST_CASE("it says what each run had printed, and of very many runs less") {
  for (const std::size_t count : {1U, 16U, 400U}) {
    CAPTURE(count);
    ProcessEnded ended{.signal = 9};
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string head(8192, 'a');
      const std::string tail(8192, 'z');
      ended.running.push_back({{kAlice, 1 + i}, {1, 1}});
      ended.printed.push_back({{head, tail, 1'000'000}, {head, tail, 16384}});
    }
    const wire::Died died = will_of(std::move(ended));
    REQUIRE(died.printed.size() == count);
    CHECK(wire::encode(died).header.size() < wire::kHeaderBytesMax);
    const wire::Printed last = wire::decode_printed(died.printed.back());
    CHECK(last.out.total == 1'000'000);
    CHECK(last.err.left_out() == (count <= 16 ? 0 : 16384 - 655));
    CHECK(last.err.text().starts_with("aaa"));
    CHECK(last.err.text().ends_with("zzz"));
  }
}

TEST_CASE("of runs that had printed nothing it says nothing") {
  ProcessEnded ended{.signal = 9};
  ended.running = {{{kAlice, 1}, {1, 1}}};
  ended.printed.resize(1);
  CHECK(will_of(std::move(ended)).printed.empty());
}

TEST_CASE("it says why a process has ended itself") {
  const wire::Died died = will_of({.exit_code = exit_status(Exit::overran),
                                   .farewell = Farewell{Exit::overran, "a task went on"}});
  CHECK(died.replaced == "a task went on");
  CHECK(died.output.empty());
  CHECK(died.restarting);
}

}  // namespace
}  // namespace roundhouse::engine::testing
