#include "hub/store.hpp"

#include "hub/memory_store.hpp"
#include "hub/sqlite_store.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::hub {

std::unique_ptr<Store> open_store(const StoreOptions& options) {
  if (options.kind == "sqlite") return std::make_unique<SqliteStore>(options);
  if (options.kind == "memory") return std::make_unique<MemoryStore>(options);
  if (options.kind == "none") return std::make_unique<NoStore>(options);
  throw Exception(Errc::config,
                  "there is no store '" + options.kind + "': sqlite, memory and none are");
}

}  // namespace roundhouse::hub
