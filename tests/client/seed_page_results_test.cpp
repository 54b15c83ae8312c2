// The page "Details of Parallel Computing with IPython", sentence by sentence: results, and
// synchronization. Each test is named after what the page says. (Calls: seed_page_test.cpp.)
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/client/seed_page.hpp"

namespace rh = roundhouse;

namespace roundhouse::test {
namespace {

using namespace client_test;
using namespace std::chrono_literals;

TEST_CASE_FIXTURE(Page, "execution methods, data movement too, all return AsyncResults") {
  const DirectView dview = rc[rh::all];
  const AsyncListResult<int> called = dview.apply(twice, 1);
  const AsyncMapResult<int> mapped = dview.map(twice, std::vector{1, 2});
  const AsyncTasks& pushed = dview.push("a", 5);
  const AsyncTasks& pulled = dview.pull<int>("a");
  const AsyncTasks& scattered = dview.scatter("b", std::vector{1, 2, 3, 4});
  const AsyncTasks& gathered = dview.gather<int>("b");
  CHECK(rc.wait({called, mapped, pushed, pulled, scattered, gathered}, kPatience));
}

TEST_CASE_FIXTURE(Page, "wait: until the result is available or until timeout seconds pass") {
  hub.holds_outcomes(true);
  const auto ar = rc[0].apply_async(fails_on_odd, 1);
  CHECK_FALSE(ar.wait(1ms));  // ours tells whether it is done
  hub.holds_outcomes(false);
  CHECK(ar.wait(kPatience));  // and never raises an error
}

TEST_CASE_FIXTURE(Page, "ready and wait are insensitive to the success or failure of the call") {
  const auto failed = rc[0].apply_async(fails_on_odd, 1);
  const auto fine = rc[0].apply_async(fails_on_odd, 2);
  CHECK(failed.wait(kPatience));
  CHECK(failed.ready());
  CHECK(fine.wait(kPatience));
  CHECK(fine.ready());
}

TEST_CASE_FIXTURE(Page, "successful: an error if the result is not ready") {
  hub.holds_outcomes(true);
  const auto failed = rc[0].apply_async(fails_on_odd, 1);
  const auto fine = rc[0].apply_async(fails_on_odd, 2);
  try {
    (void)fine.successful();
    FAIL("no error");
  } catch (const Exception& error) {
    CHECK(error.code() == Errc::invalid);
  }
  hub.holds_outcomes(false);
  CHECK(rc.wait(kPatience));
  CHECK_FALSE(failed.successful());
  CHECK(fine.successful());
}

TEST_CASE_FIXTURE(Page, "get: TimeoutError when the result does not arrive within the timeout") {
  hub.holds_outcomes(true);
  const auto ar = rc[0].apply_async(twice, 4);
  CHECK_THROWS_AS((void)ar.get(1ms), TimeoutError);
  hub.holds_outcomes(false);
  CHECK(ar.get(kPatience) == 8);
}

TEST_CASE_FIXTURE(Page, "an exception of the call is raised as a RemoteError by get") {
  try {
    (void)rc[0].apply_async(fails_on_odd, 1).get(kPatience);
    FAIL("no error");
  } catch (const RemoteError& error) {
    CHECK(error.name() == "std::runtime_error");
    CHECK(error.value() == "odd: 1");
    CHECK(error.engine_id() == 0U);
    CHECK(error.msg_id() == rc.history()[-1]);
  }
}

TEST_CASE_FIXTURE(Page, "any time targets is plural, a CompositeError, a subclass of RemoteError") {
  static_assert(std::is_base_of_v<RemoteError, CompositeError>);
  try {
    rc[rh::all].apply_sync(fails_on_odd, 1);
    FAIL("no error");
  } catch (const CompositeError& error) {
    CHECK(error.errors().size() == 4);
  }
  CHECK_THROWS_AS(rc[{2}].apply_sync(fails_on_odd, 1), CompositeError);  // also of just one
  CHECK_THROWS_AS(rc[rh::all].map_sync(fails_on_odd, std::vector{2, 4, 5}), CompositeError);
}

TEST_CASE_FIXTURE(Page, "result, with the short alias r, simply call get") {
  const auto ar = rc[rh::all].apply_async(twice, 2);
  CHECK(ar.result() == std::vector{4, 4, 4, 4});
  CHECK(ar.r() == ar.get());
}

TEST_CASE_FIXTURE(Page, "get_dict: a dictionary of the individual results, keyed by engine id") {
  const DirectView view = rc[{1, 3}];
  const std::map<int, int> expected{{1, 4}, {3, 4}};
  CHECK(view.apply_async(twice, 2).get_dict(kPatience) == expected);
  view["a"] = 4;
  CHECK(view.pull<int>("a").get_dict(kPatience) == expected);
}

TEST_CASE_FIXTURE(Page, "the metadata is a dictionary, with attribute access") {
  const auto ar = rc[0].with({.label = "mine"}).apply_async(twice, 2);
  CHECK(ar.wait(kPatience));
  const Metadata md = ar.metadata();
  // Timestamps.
  for (const char* key : {"submitted", "started", "completed", "received"})
    CHECK(std::holds_alternative<UtcTime>(md[key]));
  CHECK(md.started == std::get<UtcTime>(md["started"]));
  CHECK(md.started <= md.completed);
  CHECK(md.submitted <= md.received);
  // The engine.
  CHECK(md.engine_id == 0);
  CHECK(std::get<std::string>(md["engine_uuid"]).size() == 32);
  // Output of the call, and what is extended.
  for (const char* key : {"pyerr", "pyout", "stderr", "stdout"})
    CHECK(std::holds_alternative<std::monostate>(md[key]));
  CHECK(std::get<std::string>(md["status"]) == "ok");
  CHECK(md.msg_id == ar.msg_ids().front());
  CHECK(std::get<std::vector<std::string>>(md["after"]).empty());
  CHECK(std::get<std::vector<std::string>>(md["follow"]).empty());
}

TEST_CASE_FIXTURE(Page, "status: either ok or error; pyerr: the exception, if there was one") {
  const auto ar = rc[0].apply_async(fails_on_odd, 1);
  CHECK(ar.wait(kPatience));
  CHECK(ar.metadata().status == "error");
  CHECK(std::get<RemoteErrorInfo>(ar.metadata()["pyerr"]).value == "odd: 1");
}

TEST_CASE_FIXTURE(Page, "metadata of several targets is a list, in the order of targets") {
  const auto ar = rc[{2, 1}].apply_async(twice, 1);
  CHECK(ar.wait(kPatience));
  const std::vector<Metadata> all = ar.metadata();
  REQUIRE(all.size() == 2);
  CHECK(all[0].engine_id == 2);
  CHECK(all[1].engine_id == 1);
}

TEST_CASE_FIXTURE(Page, "the client keeps track of all results: history, results, metadata") {
  const auto first = rc[0].apply_async(twice, 1);
  const auto second = rc[1].apply_async(twice, 2);
  CHECK(rc.wait(kPatience));
  CHECK(rc.history().list() == std::vector<std::string>{first.msg_ids()[0], second.msg_ids()[0]});
  CHECK(rc.results().get<int>(rc.history()[0]) == 2);
  CHECK(rc.results().get<int>(rc.history()[-1]) == 4);
  CHECK(rc.metadata(rc.history()[-1]).engine_id == 1);
}

TEST_CASE_FIXTURE(Page, "spin flushes any waiting messages, and makes no network requests") {
  const std::uint64_t connections = hub.connections();
  hub.goes_away();
  rc.spin();  // with no hub there at all
  hub.comes_back();
  const auto ar = rc[0].apply_async(twice, 1);
  CHECK(comes_true_within(kPatience, [&] {
    rc.spin();
    return ar.ready();
  }));
  CHECK(hub.connections() == connections + 1);
}

TEST_CASE_FIXTURE(Page, "anything that represents a collection of messages can be waited for") {
  hub.holds_outcomes(true);
  const auto one = rc[0].apply_async(twice, 1);
  const auto many = rc[rh::all].apply_async(twice, 1);
  const auto mapped = rc.load_balanced_view().map_async(twice, std::vector{1, 2, 3});
  const std::vector<AsyncResult<int>> several{one, rc[1].apply_async(twice, 2)};
  CHECK_FALSE(rc.wait({one, many, mapped}, 1ms));  // a timeout prevents it from blocking for long
  hub.holds_outcomes(false);
  CHECK(rc.wait(one, kPatience));
  CHECK(rc.wait(many.msg_ids(), kPatience));
  CHECK(rc.wait(several, kPatience));
  CHECK(rc.wait({one, many.msg_ids()[2], mapped, several}, kPatience));
}

TEST_CASE_FIXTURE(Page, "outstanding, a set of msg_ids, is the default of wait") {
  hub.holds_outcomes(true);
  const auto ar = rc[rh::all].apply_async(twice, 1);
  CHECK(rc.outstanding().size() == 4);
  for (const std::string& id : ar.msg_ids()) CHECK(rc.outstanding().contains(id));
  CHECK_FALSE(rc.wait(1ms));
  hub.holds_outcomes(false);
  CHECK(rc.wait(kPatience));
  CHECK(rc.outstanding().empty());
  CHECK(ar.ready());
}

}  // namespace
}  // namespace roundhouse::test
