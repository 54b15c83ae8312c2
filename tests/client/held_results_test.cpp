#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/client/client_tasks.hpp"
#include "tests/support/local_hub.hpp"
#include "tests/support/patience.hpp"
#include <roundhouse/held_results.hpp>
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::test {
namespace {

using namespace client_test;
using namespace std::chrono_literals;

TEST_CASE("a client knows what it submitted, in order, and what has no outcome yet") {
  LocalHub hub(2);
  const Client client = hub.connect();
  CHECK(client.history().empty());
  CHECK(client.outstanding().empty());
  const auto first = client[0].apply_async(twice, 1);
  CHECK(first.wait(kPatience));
  hub.holds_outcomes(true);
  const auto both = client[all].apply_async(twice, 2);
  CHECK(client.history().size() == 3);
  CHECK(client.history()[0] == first.msg_ids()[0]);
  CHECK(client.history()[-1] == both.msg_ids()[1]);
  CHECK(client.outstanding().list() == both.msg_ids());
  CHECK_FALSE(client.outstanding().contains(first.msg_ids()[0]));
  hub.holds_outcomes(false);
  CHECK(client.wait(kPatience));
  CHECK(client.outstanding().size() == 0);
  CHECK(client.history().size() == 3);
}

TEST_CASE("ids, results and lists of both are waited for together") {
  LocalHub hub(2);
  const Client client = hub.connect();
  hub.holds_outcomes(true);
  const auto one = client[0].apply_async(twice, 1);
  const auto both = client[all].apply_async(twice, 2);
  const std::vector<AsyncResult<int>> more{client[0].apply_async(twice, 3)};
  CHECK_FALSE(client.wait(one, 1ms));
  CHECK_FALSE(client.wait(1ms));
  CHECK_FALSE(client.wait({one, both.msg_ids(), more}, 1ms));
  CHECK_FALSE(client.wait(client.outstanding(), 0s));
  hub.holds_outcomes(false);
  CHECK(client.wait({one, both.msg_ids(), more}, kPatience));
  CHECK(client.wait(both.msg_ids()[0]));
  CHECK(client.wait(more));
  CHECK(client.wait(client.history()));
  CHECK(client.wait());
}

TEST_CASE("waiting for what is not this client's is an error, and failures are not") {
  LocalHub hub;
  const Client client = hub.connect();
  const auto failed = client[0].apply_async(fails_on_odd, 1);
  CHECK(client.wait(failed, kPatience));
  CHECK_THROWS_AS((void)client.wait("no id"), Exception);
  CHECK_THROWS_WITH_AS((void)client.wait(std::string(32, '7')), doctest::Contains("not of this"),
                       Exception);
  std::string next = client.history()[-1];
  next.back() = 'f';
  CHECK_THROWS_AS((void)client.wait(next), Exception);
}

TEST_CASE("results and metadata are there by id while there is a handle") {
  LocalHub hub(2);
  const Client client = hub.connect();
  const HeldResults results = client.results();
  std::string id;
  {
    const auto both = client[all].apply_async(twice, 4);
    CHECK(both.wait(kPatience));
    id = both.msg_ids()[1];
    CHECK(results.size() == 2);
    CHECK(results.contains(id));
    CHECK(results.get<int>(id) == 8);
    CHECK_THROWS_WITH_AS(
        (void)results.get<std::string>(id),
        doctest::Contains("returns int; its result was asked for as a std::string"), Exception);
    CHECK(client.metadata(id).engine_id == 1);
    CHECK(client.metadata(id).status == "ok");
  }
  CHECK(results.empty());
  CHECK_FALSE(results.contains(id));
  CHECK_THROWS_WITH_AS((void)results.get<int>(id), doctest::Contains(id.c_str()), Exception);
  CHECK_THROWS_AS((void)client.metadata(id), Exception);
}

TEST_CASE("a result that has not come, or is an error, is not a value") {
  LocalHub hub;
  const Client client = hub.connect();
  const auto failed = client[0].apply_async(fails_on_odd, 1);
  CHECK(failed.wait(kPatience));
  CHECK_THROWS_AS((void)client.results().get<int>(failed.msg_ids()[0]), RemoteError);
  hub.holds_outcomes(true);
  const auto open = client[0].apply_async(twice, 1);
  CHECK_THROWS_WITH_AS((void)client.results().get<int>(open.msg_ids()[0]), doctest::Contains("yet"),
                       Exception);
  CHECK(client.metadata(open.msg_ids()[0]).status == "pending");
  CHECK_FALSE(client.results().contains(open.msg_ids()[0]));
}

TEST_CASE("spinning delivers what has come, and does not wait") {
  LocalHub hub;
  Client client = hub.connect();
  hub.holds_outcomes(true);
  const auto open = client[0].apply_async(twice, 1);
  client.spin();
  CHECK_FALSE(open.ready());
  hub.holds_outcomes(false);
  CHECK(comes_true_within(kPatience, [&] {
    client.spin();
    return client.outstanding().empty();
  }));
  CHECK(open.get() == 2);
  client.close();
  CHECK_THROWS_AS(client.spin(), ConnectionError);
}

TEST_CASE("send_apply_message is the way of all views, for everybody") {
  LocalHub hub(2);
  const Client client = hub.connect();
  std::vector<Encoded> arguments{encode_values(21)};
  const AsyncTasks sent = client.send_apply_message(
      {.function = "twice", .signature = signature_of<int(int)>(), .engines = {1}}, arguments);
  CHECK(sent.as<int>().get(kPatience) == 42);
  CHECK(sent.metadata(0).engine_id == 1);
  std::vector<Encoded> each{encode_values(1), encode_values(2)};
  const AsyncTasks free = client.send_apply_message(
      {.function = "twice", .signature = signature_of<int(int)>(), .label = "mine"}, each);
  CHECK(free.wait(kPatience));
  CHECK(free.task_count() == 2);
  CHECK(free.metadata(1).label == "mine");
  std::vector<Encoded> none;
  CHECK_THROWS_AS((void)client.send_apply_message({.function = "twice"}, none), Exception);
  CHECK_THROWS_AS(
      (void)client.send_apply_message({.function = "twice", .engines = {0, 1, 1}}, each),
      Exception);
}

}  // namespace
}  // namespace roundhouse::test
