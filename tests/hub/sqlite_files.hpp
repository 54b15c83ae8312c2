// Short words for the tests of the SQLite store.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hub/sqlite_store.hpp"
#include "tests/hub/facts.hpp"
#include "tests/support/temp_dir.hpp"

namespace roundhouse::test {

using namespace roundhouse::hub;
namespace fs = std::filesystem;

inline StoreOptions options_in(const TempDir& dir) {
  StoreOptions out;
  out.path = dir.file("test.db");
  return out;
}

inline void commit(Store& store, const std::vector<Fact>& facts) {
  const auto committed = store.commit(facts);
  if (!committed) FAIL(committed.error().text);
}

inline std::string open_error(const StoreOptions& options) {
  try {
    (void)open_store(options);
  } catch (const Exception& error) {
    return error.what();
  }
  return "opened";
}

inline std::int64_t count(const StoreOptions& options, const std::string& table) {
  sql::Database db(options.path);
  return db.integer("SELECT count(*) FROM " + table);
}

inline std::size_t files(const StoreOptions& options) {
  std::error_code error;
  std::size_t out = 0;
  for (fs::directory_iterator it(options.path + ".blobs", error), end; !error && it != end; ++it)
    ++out;
  return out;
}

inline std::vector<std::string> history(Store& store) {
  return ids_in(store.answer(newest_first()));
}

inline wire::Reply purge_all(Store& store) {
  std::string all;
  wire::Packer p(all);
  p.map(1), p.str("all"), p.boolean(true);
  return store.answer(query("purge_results", all));
}

}  // namespace roundhouse::test
