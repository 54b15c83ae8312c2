// What the SQLite store remembers of modules.
#include <doctest/doctest.h>

#include "shared/module_messages.hpp"
#include "tests/hub/sqlite_files.hpp"

namespace roundhouse::hub {
namespace {

using namespace roundhouse::test;

const std::string kModuleBytes(wire::kPartBytesMax + 3, 'm');
const ContentHash kModule = content_hash(kModuleBytes);

ModuleKept kept(std::uint64_t order, bool with_parts = true) {
  ModuleKept fact{kModule, "tasks.so", kModuleBytes.size(), order, true, {}};
  if (with_parts) fact.parts = wire::cut_module(kModuleBytes);
  return fact;
}

bool has_file(const StoreOptions& options) {
  return fs::exists(options.path + ".modules/" + to_string(kModule) + ".so");
}

}  // namespace

TEST_CASE("a module outlives its hub, with what was last said of it") {
  const TempDir dir;
  const StoreOptions options = options_in(dir);
  {
    SqliteStore store(options);
    (void)store.restore();
    store.begin_epoch();
    commit(store, {kept(1)});
    ModuleKept told = kept(4, false);
    told.loaded = true;
    told.trouble_code = "engine_lost", told.trouble_text = "signal 6";
    commit(store, {told});
  }
  SqliteStore store(options);
  const Restored restored = store.restore();
  REQUIRE(restored.modules.size() == 1);
  CHECK(restored.modules[0].build == kModule);
  CHECK(restored.modules[0].name == "tasks.so");
  CHECK(restored.modules[0].size == kModuleBytes.size());
  CHECK(restored.modules[0].order == 4);
  CHECK(restored.modules[0].everywhere);
  CHECK(restored.modules[0].loaded);
  CHECK(restored.modules[0].trouble_code == "engine_lost");
  CHECK(restored.modules[0].trouble_text == "signal 6");
  const auto parts = store.read_module(kModule);
  REQUIRE(parts.ok());
  CHECK(*parts == wire::cut_module(kModuleBytes));
}

TEST_CASE("a module that is forgotten is gone, unless it came back in the same breath") {
  const TempDir dir;
  const StoreOptions options = options_in(dir);
  SqliteStore store(options);
  (void)store.restore();
  commit(store, {kept(1)});
  CHECK(has_file(options));
  commit(store, {ModuleDropped{kModule}, kept(2)});
  CHECK(has_file(options));
  commit(store, {ModuleDropped{kModule}});
  CHECK_FALSE(has_file(options));
  CHECK_FALSE(store.read_module(kModule).ok());
  CHECK(store.restore().modules.empty());
}

TEST_CASE("the builds of a template are remembered") {
  const TempDir dir;
  const StoreOptions options = options_in(dir);
  SqliteStore store(options);
  (void)store.restore();
  TemplateDefined with = defined(1, 1);
  with.define->builds = {kModule, content_hash("two")};
  commit(store, {opened(1), with, defined(2, 1)});
  const Restored restored = store.restore();
  REQUIRE(restored.templates.size() == 2);
  CHECK(restored.templates[0].define->builds == with.define->builds);
  CHECK(restored.templates[1].define->builds.empty());
}

TEST_CASE("a database from before there were modules gets their tables") {
  const TempDir dir;
  const StoreOptions options = options_in(dir);
  { const SqliteStore store(options); }
  {
    sql::Database db(options.path);
    db.execute("DROP TABLE modules");
    db.execute("DROP TABLE template_builds");
  }
  SqliteStore store(options);
  CHECK(store.restore().modules.empty());
  commit(store, {kept(1)});
  CHECK(store.restore().modules.size() == 1);
}

TEST_CASE("stores without a memory read no modules") {
  const TempDir dir;
  StoreOptions options = options_in(dir);
  options.kind = "memory";
  CHECK(open_store(options)->read_module(kModule).error().code == Errc::store_failed);
}

}  // namespace roundhouse::hub
