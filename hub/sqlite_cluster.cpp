// SqliteStore, the part that remembers what holds until the cluster is stopped.

#include "hub/sqlite_store.hpp"

namespace roundhouse::hub {

void SqliteStore::apply(const PolicySet& fact) {
  sql::Statement set = db_.prepare("INSERT OR REPLACE INTO settings VALUES ('policy', ?1)");
  set.bind_text(1, fact.policy);
  set.run();
}

void SqliteStore::apply(const HubStopped& /*fact*/) {
  db_.execute("DELETE FROM settings");
  db_.execute("DELETE FROM engines_given_up");
}

void SqliteStore::note_given_up(const EngineLeft& fact) {
  sql::Statement note = db_.prepare("INSERT OR REPLACE INTO engines_given_up VALUES (?1, ?2)");
  note.bind(1, fact.id.value);
  note.bind_text(2, fact.given_up);
  note.run();
}

void SqliteStore::restore_policy(Restored& out) {
  sql::Statement row = db_.prepare("SELECT value FROM settings WHERE name = 'policy'");
  if (row.next()) out.policy = row.text(0);
}

}  // namespace roundhouse::hub
