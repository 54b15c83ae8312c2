// Asking a real hub: what ran, what runs, and the results of others.
#include <csignal>
#include <numeric>
#include <optional>

#include <doctest/doctest.h>

#include "tests/modules/process_tasks.hpp"
#include "tests/support/real_cluster.hpp"
#include <roundhouse/roundhouse.hpp>

namespace rh = roundhouse;
namespace f = rh::fields;
using namespace process_tasks;
using namespace std::chrono_literals;
using rh::test::comes_true;
using rh::test::kPatience;
using rh::test::RealCluster;

namespace {

std::vector<std::string> ids_of(const std::vector<rh::TaskRecord>& records) {
  std::vector<std::string> out;
  for (const rh::TaskRecord& record : records) out.push_back(record.metadata.msg_id);
  return out;
}

// A client that asks, and one that has work done.
struct Two {
  explicit Two(std::size_t engines, rh::ClusterOptions options = {})
      : cluster(engines, std::move(options)), worker(cluster.connect()), asker(cluster.connect()) {
    worker->wait_for_engines(engines, 3 * kPatience);
    asker.wait_for_engines(engines, 3 * kPatience);
  }

  RealCluster cluster;
  std::optional<rh::Client> worker;
  rh::Client asker;
};

}  // namespace

TEST_CASE("another client's result is got by its id, finished or not, of one or of several") {
  Two two(2);
  const auto quick = (*two.worker)[0].apply_async(add, 1, 2);
  const auto failing = (*two.worker)[1].apply_async(throws_error, std::string("no luck"));
  CHECK(quick.get() == 3);
  CHECK_THROWS_AS((void)failing.get(), rh::RemoteError);

  const rh::AsyncResult<int> found = two.asker.get_result<int>(quick.msg_ids().front());
  CHECK(found.from_hub());
  CHECK(found.get(kPatience) == 3);
  const rh::Metadata md = found.metadata();
  CHECK(md.msg_id == quick.msg_ids().front());
  CHECK(md.function == "process_tasks::add");
  CHECK(md.engine_id == 0);
  CHECK(md.engine_uuid == quick.metadata().engine_uuid);
  CHECK(md.started == quick.metadata().started);
  CHECK(md.status == "ok");
  const rh::AsyncHubResult<int> named(found);
  CHECK(named.get() == 3);

  const auto error = two.asker.get_result<int>(failing.msg_ids().front());
  CHECK_THROWS_WITH_AS((void)error.get(kPatience), doctest::Contains("no luck"), rh::RemoteError);
  CHECK_FALSE(error.successful());

  const auto slow = (*two.worker)[1].apply_async(slowly, 1000, 7);
  REQUIRE(comes_true([&] { return two.asker.result_status(slow).unknown.empty(); }));
  const auto both = two.asker.get_result<int>(
      std::vector<std::string>{slow.msg_ids().front(), quick.msg_ids().front()});
  CHECK_FALSE(both.ready());
  CHECK(both.metadata(0).status != "ok");
  CHECK(both.get(kPatience) == std::vector{7, 3});
  CHECK(both.metadata(0).engine_id == 1);

  CHECK_THROWS_WITH_AS((void)two.asker.get_result<int>(std::string(32, '0')),
                       doctest::Contains("no record"), rh::Exception);
}

TEST_CASE("one's own results come from what is at hand, and from the hub when they are let go") {
  Two two(1);
  const rh::Client& client = *two.worker;
  std::optional<rh::AsyncResult<int>> own = client[0].apply_async(slowly, 100, 5);
  const std::string id = own->msg_ids().front();
  const auto same = client.get_result<int>(id);
  CHECK_FALSE(same.from_hub());
  CHECK_THROWS_AS((void)rh::AsyncHubResult<int>(same), rh::Exception);
  CHECK(same.get(kPatience) == 5);
  CHECK(client.get_result<int>(-1).get(kPatience) == 5);
  own.reset();
  const auto again = client.get_result<int>(id);
  CHECK(again.from_hub());
  CHECK(again.get(kPatience) == 5);
}

TEST_CASE("a result is got after the program that asked for it has gone, and the hub, too") {
  Two two(1);
  const auto slow = (*two.worker)[0].apply_async(slowly, 1500, 9);
  const auto next = (*two.worker)[0].apply_async(add, 4, 4);
  const std::vector<std::string> ids{slow.msg_ids().front(), next.msg_ids().front()};
  REQUIRE(comes_true([&] { return two.asker.result_status(ids).unknown.empty(); }));
  const auto found = two.asker.get_result<int>(ids);
  two.worker.reset();
  const auto hub = static_cast<pid_t>(two.asker.status().pid);
  REQUIRE(::kill(hub, SIGKILL) == 0);
  CHECK(found.get(3 * kPatience) == std::vector{9, 8});
}

TEST_CASE("results too large for a record are fetched in parts") {
  Two two(1);
  std::vector<double> values(400'000);
  std::iota(values.begin(), values.end(), 0.5);
  const auto large = (*two.worker)[0].apply_async(doubled, values);
  CHECK(large.get().size() == values.size());
  const auto found = two.asker.get_result<std::vector<double>>(large.msg_ids().front());
  const std::vector<double> out = found.get(3 * kPatience);
  REQUIRE(out.size() == values.size());
  for (std::size_t i = 0; i < out.size(); i += 997) CHECK(out[i] == 2 * values[i]);
}

TEST_CASE("tasks are found by what they are like, unfinished ones as well") {
  Two two(2);
  const rh::Client& client = *two.worker;
  const auto night = client[0].with({.label = "night shift"});
  for (int i = 0; i < 5; ++i) (void)night.apply_sync(add, i, i);
  CHECK_THROWS((void)client[1].apply_sync(throws_error, std::string("no luck")));
  const auto running = client[1].apply_async(slowly, 2000, 1);
  const auto waiting = client[1].apply_async(add, 1, 1);
  REQUIRE(comes_true([&] { return two.asker.hub_history().size() == 8; }));

  CHECK(two.asker.db_query({.where = f::label.glob("night*")}).size() == 5);
  CHECK(two.asker.db_query({.where = f::label == "night shift" && f::engine_id == 1}).empty());
  const auto failed = two.asker.db_query({.where = f::status == "error"});
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].error_value == "no luck");
  CHECK(failed[0].metadata.engine_id == 1);
  CHECK(ids_of(two.asker.db_query({.where = f::completed == rh::missing})) ==
        std::vector{running.msg_ids().front(), waiting.msg_ids().front()});
  CHECK(ids_of(two.asker.db_query({.where = !(f::function == "process_tasks::add"),
                                   .order = rh::newest_first,
                                   .limit = 1})) == running.msg_ids());
  const auto history = two.asker.hub_history();
  CHECK(history.back() == waiting.msg_ids().front());
  CHECK(two.asker.hub_history(2) == std::vector(history.end() - 2, history.end()));
  CHECK(ids_of(two.asker.db_query({.limit = 3, .after = history[1]})) ==
        std::vector(history.begin() + 2, history.begin() + 5));
  const auto narrow = two.asker.db_query({.limit = 1, .fields = {"status"}});
  CHECK(narrow.front().json == R"({"msg_id":")" + history.front() + R"(","status":"ok"})");

  const rh::ResultStatus status = two.asker.result_status(history);
  CHECK(status.completed.size() == 6);
  CHECK(status.running.size() + status.pending.size() == 2);
  const rh::QueueStatus queues = two.asker.queue_status({1}, true);
  REQUIRE(queues.engines.size() == 1);
  CHECK(queues.engines[0].running_ids == running.msg_ids());
  CHECK(queues.engines[0].queue_ids == waiting.msg_ids());
  CHECK(queues.engines[0].completed_ids.size() == 1);
  CHECK_THROWS_WITH_AS((void)two.asker.db_query({.fields = {"colour"}}),
                       doctest::Contains("no field 'colour'"), rh::Exception);
}

TEST_CASE("a task that was tried on several engines tells of each, to its client and on record") {
  Two two(2);
  CHECK(two.asker.policy() == "least_loaded");
  two.asker.set_policy("pure");
  CHECK(two.asker.status().policy == "pure");
  CHECK_THROWS_WITH_AS(two.asker.set_policy("pur"), doctest::Contains("did you mean 'pure'?"),
                       rh::Exception);
  const auto task = two.worker->load_balanced_view()
                        .with({.retries = 2})
                        .apply_async(throws_error, std::string("no luck"));
  try {
    (void)task.get(kPatience);
    FAIL("it threw nothing");
  } catch (const rh::RemoteError& error) {
    CHECK(std::string(error.what()).find("after 3 attempts") != std::string::npos);
    REQUIRE(error.attempts().size() == 3);
    CHECK(error.attempts()[0].engine_id != error.attempts()[1].engine_id);
    CHECK(error.attempts()[2].value == error.value());
  }
  const auto known = two.asker.result(task.msg_ids());
  REQUIRE(known.records.size() == 1);
  REQUIRE(known.records[0].metadata.error);
  CHECK(known.records[0].metadata.error->attempts.size() == 3);
}

TEST_CASE("records are purged by task, by engine, by age and by what they are like") {
  Two two(2);
  const rh::Client& client = *two.worker;
  std::vector<rh::AsyncResult<int>> results;
  for (int i = 0; i < 6; ++i) results.push_back(client[i % 2].apply_async(add, i, i));
  REQUIRE(client.wait(kPatience));
  CHECK(two.asker.purge_results(results[0]) == 1);
  CHECK(two.asker.purge_results(results[1].msg_ids()) == 1);
  CHECK(two.asker.purge_results({.older_than = 1h}) == 0);
  CHECK(two.asker.purge_results({.engines = {0}}) == 2);
  CHECK(two.asker.purge_results({.where = f::msg_id == results[3].msg_ids().front()}) == 1);
  CHECK(two.asker.hub_history() == results[5].msg_ids());
  CHECK(two.asker.purge_results({.older_than = 0s}) == 1);
  CHECK(two.asker.purge_results(rh::all) == 0);
  CHECK(results[0].get() == 0);  // what a client has at hand stays
  CHECK(client.purge_local(results[0]) == 1);
  CHECK(client.purge_local(rh::all) == 5);
  CHECK(client.purge_local(rh::all) == 0);
  CHECK(client.results().empty());
  CHECK_THROWS_WITH_AS((void)results[0].get(), doctest::Contains("purged"), rh::Exception);
}

TEST_CASE("purging everything forgets what has ended, on both sides, and nothing that has not") {
  Two two(1);
  const rh::Client& client = *two.worker;
  const auto done = client[0].apply_async(add, 1, 1);
  CHECK(done.get() == 2);
  const auto open = client[0].apply_async(slowly, 300, 1);
  CHECK_THROWS_WITH_AS(client.purge_everything(), doctest::Contains("1 tasks are outstanding"),
                       rh::Exception);
  CHECK_THROWS_WITH_AS((void)client.purge_local(open), doctest::Contains("has not ended"),
                       rh::Exception);
  CHECK(open.get() == 1);
  client.purge_everything();
  CHECK(client.history().empty());
  CHECK(client.results().empty());
  CHECK(two.asker.hub_history().empty());
  CHECK(client[0].apply_sync(add, 2, 2) == 4);
  CHECK(client.history().size() == 1);
}

TEST_CASE("a call is made again, by whoever asks, as a task of its own") {
  Two two(2);
  const rh::Client& client = *two.worker;
  const auto first = client[1].with({.label = "again"}).apply_async(add, 20, 22);
  CHECK(first.get() == 42);
  const auto any = client.load_balanced_view().apply_async(slowly, 1, 6);
  CHECK(any.get() == 6);
  const std::string id = first.msg_ids().front();

  const rh::AsyncResult<int> again = two.asker.resubmit<int>(id);
  CHECK(again.get(kPatience) == 42);
  CHECK_FALSE(again.from_hub());
  CHECK(again.msg_ids().front() != id);
  CHECK(again.metadata().engine_id == 1);
  CHECK(again.metadata().label == "again");
  const auto both = two.asker.resubmit<int>(std::vector<std::string>{id, any.msg_ids().front()});
  CHECK(both.get(kPatience) == std::vector{42, 6});
  const auto unfinished = client[0].apply_async(slowly, 300, 3);
  REQUIRE(comes_true([&] { return two.asker.result_status(unfinished).unknown.empty(); }));
  CHECK(two.asker.resubmit<int>(unfinished.msg_ids().front()).get(kPatience) == 3);
  CHECK(two.asker.resubmit(again).msg_ids().size() == 1);

  CHECK_THROWS_WITH_AS((void)two.asker.resubmit(std::string(32, '0')),
                       doctest::Contains("no record"), rh::Exception);
}

TEST_CASE("a call with a large array is made again while the hub has room for its arguments") {
  for (const char* store : {"sqlite", "memory"}) {
    CAPTURE(store);
    Two two(1, {.store = store, .hub_flags = {"--set", "store.large_arguments_bytes_max=1000000"}});
    std::vector<double> values(100'000);
    std::iota(values.begin(), values.end(), 0.5);
    const auto first = (*two.worker)[0].apply_async(doubled, values);
    const std::vector<double> doubles = first.get();
    const auto id = first.msg_ids().front();
    CHECK(two.asker.resubmit<std::vector<double>>(id).get(kPatience) == doubles);
    // Calling it again was a call as well: there is room for one of them.
    CHECK_THROWS_WITH_AS((void)two.asker.resubmit(first),
                         doctest::Contains("store.large_arguments_bytes_max"), rh::Exception);
    CHECK(two.asker.db_query({.where = f::function == "process_tasks::doubled"}).size() == 2);
  }
}

TEST_CASE("a result that is asked for as another type is an error that names both, at once") {
  Two two(1);
  const rh::Client& client = *two.worker;
  const auto finished = client[0].apply_async(add, 1, 2);
  CHECK(finished.get() == 3);
  const auto running = client[0].apply_async(slowly, 500, 4);
  const auto map = client[0].map_async(slowly, std::vector{1, 1}, std::vector{5, 6});
  CHECK(map.get() == std::vector{5, 6});
  const auto both = doctest::Contains("returns int; its result was asked for as a std::string");
  for (const rh::Client* asker : {&client, static_cast<const rh::Client*>(&two.asker)}) {
    for (const auto& ids : {finished.msg_ids(), running.msg_ids()}) {
      CHECK_THROWS_WITH_AS((void)asker->get_result<std::string>(ids.front()), both, rh::Exception);
      CHECK_THROWS_WITH_AS((void)asker->get_result<std::string>(ids), both, rh::Exception);
      CHECK_THROWS_WITH_AS((void)asker->resubmit<std::string>(ids.front()), both, rh::Exception);
    }
    CHECK(asker->get_result<void>(finished.msg_ids().front()).wait(kPatience));
    CHECK_THROWS_AS((void)asker->get_result<int>(map.msg_ids().front()), rh::Exception);
    CHECK(asker->get_result<std::vector<int>>(map.msg_ids().front()).get(kPatience) ==
          std::vector{5, 6});
  }
  try {
    (void)two.asker.get_result<std::string>(finished.msg_ids().front());
  } catch (const rh::Exception& error) {
    CHECK(error.code() == rh::Errc::wrong_signature);
  }
  CHECK(two.asker.hub_history().size() == 3);
}

TEST_CASE("a client's own questions know what it has submitted just before") {
  Two two(2);
  const rh::Client& client = *two.worker;
  const auto any = client.load_balanced_view();
  for (int i = 0; i < 100; ++i) {
    // No handle is kept.
    const std::string id = any.apply_async(add, i, i).msg_ids().front();
    switch (i % 4) {
      case 0: CHECK(client.get_result<int>(id).get(kPatience) == 2 * i); break;
      case 1: CHECK(client.result_status(id).unknown.empty()); break;
      case 2: CHECK(client.db_query({.where = f::msg_id == id}).size() == 1); break;
      default: CHECK(client.result(std::vector{id}).records.size() == 1);
    }
  }
}

TEST_CASE("own tasks that wait for room at the hub are pending") {
  Two two(1, {.hub_flags = {"--set", "session.tasks_max=4"}});
  const rh::Client& client = *two.worker;
  std::vector<rh::AsyncResult<int>> results;
  for (int i = 0; i < 12; ++i) results.push_back(client[0].apply_async(slowly, 100, i));
  const std::vector<std::string> ids = [&] {
    std::vector<std::string> out;
    for (const auto& one : results) out.push_back(one.msg_ids().front());
    return out;
  }();
  const rh::ResultStatus status = client.result_status(ids);
  CHECK(status.unknown.empty());
  CHECK(status.pending.size() + status.running.size() + status.completed.size() == 12);
  for (int i = 0; i < 12; ++i) CHECK(results[static_cast<std::size_t>(i)].get(kPatience) == i);
}
