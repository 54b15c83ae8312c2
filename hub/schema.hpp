#pragma once

// The tables of the SQLite store, and what may be opened as such. hub/README.md explains them.

#include <cstdint>
#include <string>

#include "hub/core/fact.hpp"
#include "hub/core/options.hpp"
#include "hub/sqlite.hpp"

namespace roundhouse::hub {

inline constexpr int kSchemaVersion = 3;           // in user_version
inline constexpr int kApplicationId = 0x52644831;  // in application_id: "RdH1"
inline constexpr unsigned kSequenceBits = 40;      // of a task's key; the session's number is above
inline constexpr std::uint64_t kSequenceEnd = std::uint64_t{1} << kSequenceBits;

// A task's key: ordered as (session, sequence). Precondition: both fit.
[[nodiscard]] std::int64_t make_key(SessionNumber session, std::uint64_t sequence);
[[nodiscard]] SessionNumber session_of(std::int64_t key);
[[nodiscard]] std::uint64_t sequence_of(std::int64_t key);

// Sets the journal up, makes the tables in a new file, and brings those of an older schema up to
// date. Throws sql::Failure, or
// Exception(store_failed) with advice: a newer schema, somebody else's database, a torn file.
void prepare_database(sql::Database& db, const std::string& path, Durability durability);

}  // namespace roundhouse::hub
