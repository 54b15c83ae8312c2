// Errors of tasks whose texts are nothing, bytes, or a book, and what is thrown that is no
// exception; as the program, the records and the command line have them.
#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "tests/modules/process_tasks.hpp"
#include "tests/support/failure.hpp"
#include "tests/support/real_cluster.hpp"
#include "tests/support/roundhouse_command.hpp"
#include <roundhouse/roundhouse.hpp>

namespace rh = roundhouse;
using namespace process_tasks;
using namespace std::string_literals;
using rh::test::contains;
using rh::test::failure_of;
using rh::test::RealCluster;

namespace {

// The only record there is of this task.
rh::TaskRecord record_of(const rh::Client& client, const std::string& msg_id) {
  const auto found = client.db_query({.where = rh::fields::msg_id == msg_id});
  REQUIRE(found.size() == 1);
  return found.front();
}

rh::test::Ended command(const RealCluster& cluster, std::vector<std::string> words) {
  words.insert(words.begin(), rh::test::kBin + "/roundhouse");
  words.insert(words.end(), {"--cluster", const_cast<RealCluster&>(cluster).cluster().name()});
  return rh::test::run(std::move(words));
}

// It is UTF-8, and nothing of it steers a terminal.
bool is_harmless(const std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte < ' ' && byte != '\n') || byte == 0x7f) return false;
    const bool is_c1 =
        byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (is_c1) return false;
  }
  try {
    return !rh::test::Json(text).dump().empty();
  } catch (const rh::test::Json::exception&) {
    return false;
  }
}

}  // namespace

TEST_CASE("an error with an empty text has its name, and what() ends behind it") {
  RealCluster cluster(1);
  const rh::Client client = cluster.connect();
  client.wait_for_engines(1);
  for (const bool null : {false, true}) {
    CAPTURE(null);
    try {
      if (null)
        client[0].apply_sync(throws_nothing);
      else
        client[0].apply_sync(throws_error, "");
      FAIL("nothing was thrown");
    } catch (const rh::RemoteError& error) {
      CHECK(error.value().empty());
      CHECK(contains(error.name(), null ? "Nothing" : "std::runtime_error"));
      CHECK(error.what() == error.name() + " (engine 0)");
      const rh::TaskRecord record = record_of(client, error.msg_id());
      CHECK(record.error_name == error.name());
      CHECK(record.error_value.value_or("").empty());
      const auto shown = command(cluster, {"result", error.msg_id()});
      CHECK(contains(shown.out + shown.err, error.name()));
    }
  }
}

TEST_CASE("an error's bytes arrive as they are, and no terminal obeys them") {
  RealCluster cluster(1);
  const rh::Client client = cluster.connect();
  client.wait_for_engines(1);
  // Bytes that are no UTF-8, a bell, a new title, a cleared screen, a carriage return, C1.
  const std::string nasty = "\xff\xfe\x07\x1b]0;owned\x07\x1b[2J\rgone\x9b\xc3(\x80";
  const auto error = failure_of([&] { client[0].apply_sync(throws_error, nasty); });
  CHECK(error.value == nasty);
  CHECK(record_of(client, error.msg_id).error_value == nasty);
  for (const char* json : {"", "--json"}) {
    CAPTURE(json);
    for (const char* verb : {"result", "history"}) {
      std::vector<std::string> words;
      if (*json != 0) words.emplace_back(json);
      words.emplace_back(verb);
      if (verb == "result"s) words.push_back(error.msg_id);
      const auto shown = command(cluster, words);
      CHECK_MESSAGE(is_harmless(shown.out), shown.out);
      CHECK_MESSAGE(is_harmless(shown.err), shown.err);
      if (*json != 0) CHECK_FALSE(rh::test::Json::parse(shown.out).is_discarded());
      if (verb == "result"s) CHECK(contains(shown.out + shown.err, "gone"));
    }
  }
  // A text ends at its NUL: what() is a C string.
  CHECK(failure_of([&] { client[0].apply_sync(throws_error, "a\0b"s); }).value == "a");
}

TEST_CASE("a megabyte of error is cut where it says so, in the program and on record") {
  RealCluster cluster(1);
  const rh::Client client = cluster.connect();
  client.wait_for_engines(1);
  const std::string book(std::size_t{1} << 20U, 'x');
  const auto error = failure_of([&] { client[0].apply_sync(throws_error, book); });
  const std::string kept(std::size_t{16} << 10U, 'x');
  CHECK(error.value == kept + "... (1048576 bytes)");
  CHECK(record_of(client, error.msg_id).error_value == error.value);
  CHECK(client[0].apply_sync(add, 1, 2) == 3);
  // One that is not too long is whole.
  CHECK(failure_of([&] { client[0].apply_sync(throws_error, kept); }).value == kept);
}

TEST_CASE("an int that is thrown is an error with its number") {
  RealCluster cluster(1);
  const rh::Client client = cluster.connect();
  client.wait_for_engines(1);
  const auto error = failure_of([&] { client[0].apply_sync(throws_int, -7); });
  CHECK(error.name == "int");
  CHECK(error.value == "-7");
  const rh::TaskRecord record = record_of(client, error.msg_id);
  CHECK(record.error_name == "int");
  CHECK(client[0].apply_sync(add, 1, 2) == 3);
}
