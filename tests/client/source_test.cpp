#include <string>

#include <doctest/doctest.h>

#include "tests/client/client_tasks.hpp"
#include "tests/support/local_hub.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/temp_dir.hpp"
#include <roundhouse/roundhouse.hpp>
#include <roundhouse/source.hpp>

namespace roundhouse::test {
namespace {

TEST_CASE("source is read as it is, and what cannot be read says why") {
  const TempDir dir;
  const std::string file = dir.file("prog.cpp");
  const std::string text("int n;\r\n\0rest", 13);
  write_file(file, text);
  CHECK(detail::read_source(file) == text);
  write_file(file, "");
  CHECK(detail::read_source(file).empty());
  try {
    (void)detail::read_source(dir.file("missing.cpp"));
    FAIL_CHECK("it was read");
  } catch (const Exception& error) {
    CHECK(error.code() == Errc::io_failed);
    CHECK(std::string(error.what()).find("missing.cpp") != std::string::npos);
  }
  CHECK_THROWS_AS((void)detail::read_source(dir.file("")), Exception);
}

TEST_CASE("run with a file that is not there sends nothing") {
  LocalHub hub;
  const Client client = hub.connect();
  CHECK_THROWS_AS(client[0].run_async("/nonexistent.cpp"), Exception);
  CHECK(client.history().empty());
}

}  // namespace
}  // namespace roundhouse::test
