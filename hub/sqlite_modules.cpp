// SqliteStore, the part that remembers modules.

#include <utility>

#include "hub/sqlite_store.hpp"

namespace roundhouse::hub {

void SqliteStore::apply(const ModuleKept& fact) {
  if (!fact.parts.empty()) modules_.write(fact.build, fact.parts);
  // Forgotten and kept again in one transaction: the file stays.
  std::erase(dropped_modules_, fact.build);
  insert_module_.bind_blob(1, bytes_of(fact.build));
  insert_module_.bind_text(2, fact.name);
  insert_module_.bind(3, signed_of(fact.size));
  insert_module_.bind(4, signed_of(fact.order));
  insert_module_.bind(5, fact.everywhere ? 1 : 0);
  insert_module_.run();
  insert_verdict_.bind_blob(1, bytes_of(fact.build));
  insert_verdict_.bind(2, fact.loaded ? 1 : 0);
  insert_verdict_.bind_text(3, fact.trouble_code);
  insert_verdict_.bind_text(4, fact.trouble_text);
  insert_verdict_.run();
}

void SqliteStore::apply(const ModuleDropped& fact) {
  dropped_modules_.push_back(fact.build);
  delete_module_.bind_blob(1, bytes_of(fact.build));
  delete_module_.run();
  delete_verdict_.bind_blob(1, bytes_of(fact.build));
  delete_verdict_.run();
}

}  // namespace roundhouse::hub
