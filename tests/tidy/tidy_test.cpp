#include <string>

#include <doctest/doctest.h>

#include "tests/tidy/rules.hpp"

namespace roundhouse::tidy {

namespace {

const Files& tree() {
  static const Files files = read_tree(RH_SOURCE_DIR);
  return files;
}

void report(const Complaints& complaints) {
  for (const std::string& complaint : complaints) FAIL_CHECK(complaint);
}

// Sources whose test does not bear their name.
const std::vector<Unmirrored> kUnmirrored{
    {"client/async_tasks.cpp", "tests/client/async_result_test.cpp asks results"},
    {"client/children.cpp", "tests/client/supervisor_test.cpp starts and stops them"},
    {"client/shell_tasks.cpp", "tests/process/nested_test.cpp waits in tasks"},
    {"client/this_engine_client.cpp", "tests/process/nested_test.cpp asks for it"},
    {"engine/engine_seats.cpp", "tests/process/nested_test.cpp has tasks that wait"},
    {"engine/core/outbox.cpp", "names of exits: tests/engine/session_test.cpp reads them"},
    {"engine/hub_link.cpp", "tests/engine/engine_test.cpp connects by it"},
    {"shared/protocol_version.cpp", "tests/process/versions_test.cpp runs programs of others"},
    {"engine/interpreter/", "tests/engine/interpreter/ runs inputs through all of it"},
    {"engine/engine_news.cpp", "tests/process/output_test.cpp hears of it"},
    {"engine/page_entry.cpp", "tests/engine/page_test.cpp writes and reads entries"},
    {"engine/process.cpp", "tests/process/engine_process_test.cpp runs it"},
    {"engine/program.cpp", "tests/process/engine_process_test.cpp runs it"},
    {"engine/undertaker.cpp", "tests/process/commands_test.cpp kills an engine and its nanny"},
    {"engine/task_runner.cpp", "tests/engine/engine_test.cpp runs tasks by it"},
    {"hub/curve.cpp", "tests/hub/doors_test.cpp connects with and without keys"},
    {"hub/database_lock.cpp", "tests/hub/sqlite_store_test.cpp opens a database twice"},
    {"hub/ledger.cpp", "tests/hub/sqlite_store_test.cpp counts what is pending"},
    {"hub/answers.cpp", "tests/hub/store_test.cpp reads records from every store"},
    {"hub/core/dependency_table.cpp", "tests/hub/dependencies_test.cpp and its neighbours use it"},
    {"hub/core/unmet.cpp", "tests/hub/dependencies_test.cpp reads what it says"},
    {"hub/core/record.cpp", "tests/hub/task_query_test.cpp packs and compares records"},
    {"hub/core/request_body.cpp", "tests/hub/requests_test.cpp sends what cannot be read"},
    {"hub/sqlite_query.cpp", "tests/hub/store_test.cpp asks every store"},
    {"hub/sqlite_records.cpp", "tests/hub/store_test.cpp reads records from every store"},
    {"hub/sqlite_retention.cpp", "tests/hub/retention_test.cpp makes it forget"},
    {"hub/sqlite_restore.cpp", "tests/hub/store_test.cpp restores from it"},
    {"cli/aborts.cpp", "tests/process/aborts_test.cpp runs the command"},
    {"client/output.cpp", "tests/process/output_test.cpp shows outputs by it"},
    {"client/control.cpp", "tests/process/steering_test.cpp does all of it to engines"},
    {"cli/steering", "tests/process/steering_test.cpp runs the commands"},
    {"engine/engine_clear.cpp", "tests/engine/engine_test.cpp clears idle engines and busy ones"},
    {"client/aborts.cpp", "tests/process/aborts_test.cpp aborts by it"},
    {"cli/bench", "tests/process/bench_test.cpp runs the benchmarks (figures have their own test)"},
    {"cli/call_lines.cpp", "tests/process/cli_calls_test.cpp runs the commands"},
    {"cli/calling.cpp", "tests/process/cli_calls_test.cpp runs the commands"},
    {"cli/watch.cpp", "tests/process/cli_submit_test.cpp and its neighbours wait by it"},
    {"cli/submit.cpp", "tests/process/cli_submit_test.cpp runs it"},
    {"cli/calls.cpp", "tests/process/cli_calls_test.cpp runs the commands"},
    {"cli/engine_names.cpp", "tests/process/console_test.cpp completes names by it"},
    {"cli/console", "tests/process/console_test.cpp types at it, and its engines have theirs"},
    {"cli/input_run.cpp", "tests/process/source_commands_test.cpp runs inputs by it"},
    {"cli/line_editor.cpp", "tests/process/console_test.cpp types lines in it"},
    {"cli/source", "tests/process/source_commands_test.cpp runs the commands"},
    {"cli/values.cpp", "tests/process/cli_calls_test.cpp runs the commands"},
    {"cli/clusters.cpp", "tests/process/cli_test.cpp runs the commands"},
    {"cli/command_line.cpp", "tests/process/cli_records_test.cpp runs the commands"},
    {"cli/connect.cpp", "tests/process/cli_test.cpp runs the commands"},
    {"cli/main.cpp", "tests/process/cli_test.cpp runs the commands"},
    {"cli/modules.cpp", "tests/process/cli_test.cpp runs the commands"},
    {"cli/records.cpp", "tests/process/cli_test.cpp runs the commands"},
    {"cli/status.cpp", "tests/process/cli_test.cpp runs the commands"},
    {"shared/config_field.cpp", "one half of json_config.cpp, tested with it"},
    {"hub/main.cpp", "a page of wiring, run by every test in process/"},
    {"engine/main.cpp", "a page of wiring, run by every test in process/"},
    {"shared/net/impl.cpp", "the inside of socket.cpp and monitor.cpp, tested with them"},
    {"shared/net/mailbox_link.cpp", "one of two Links: net/link_test.cpp tests both alike"},
    {"shared/net/zmq_link.cpp", "one of two Links: net/link_test.cpp tests both alike"},
};

}  // namespace

TEST_CASE("the tree keeps to its form: columns, blanks, ends of lines") {
  REQUIRE(tree().size() > 20);
  for (const File& file : tree()) report(form(file));
}

TEST_CASE("files and functions keep to their size") {
  for (const File& file : tree()) report(size(file));
}

TEST_CASE("every header guards itself and says what it is for") {
  for (const File& file : tree()) report(header(file));
}

TEST_CASE("banned names are not used") {
  for (const File& file : tree()) report(banned_names(file));
}

TEST_CASE("includes go from the root, and towards shared") {
  for (const File& file : tree()) report(direction(file));
}

TEST_CASE("cores include only cores") {
  for (const File& file : tree()) report(cores(file, tree()));
}

TEST_CASE("third-party headers come in through their doors") {
  for (const File& file : tree()) report(doors_kept(file));
}

TEST_CASE("every source has its test, or a reason") {
  report(mirrors(tree(), kUnmirrored));
}

TEST_CASE("every test file is compiled and has tests") {
  const File* cmake = find(tree(), "tests/CMakeLists.txt");
  REQUIRE(cmake != nullptr);
  for (const File& file : tree()) report(registered(file, cmake->text));
}

TEST_CASE("the top of the repository holds the folders that it should") {
  for (const char* folder : {"hub", "engine", "client", "shared", "cli", "tests", "config"}) {
    CAPTURE(std::string(folder));
    CHECK(std::filesystem::is_directory(std::string(RH_SOURCE_DIR) + "/" + folder));
  }
  for (const char* file : {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "dev"}) {
    CAPTURE(std::string(file));
    CHECK(std::filesystem::exists(std::string(RH_SOURCE_DIR) + "/" + file));
  }
}

}  // namespace roundhouse::tidy
