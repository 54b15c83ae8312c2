#pragma once

// DISK. Store: the results database, as the recorder sees it.
//
// Facts go in, in order, one transaction per call; questions are answered; what outlives a hub
// comes out when the next one starts. Three kinds: `sqlite` (a file per cluster), `memory` (the
// last finished records, gone with the hub) and `none` (nothing). A further kind implements this
// interface and is added to open_store().
//
//   std::unique_ptr<Store> store = open_store(options);   // throws: cannot start
//   Restored restored = store->restore();
//   store->begin_epoch();                                 // before anything binds
//   store->commit(facts);                                 // all of them, or none
//
// Thread rule: one thread at a time; the hub's main thread until the recorder starts, then the
// recorder's.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hub/core/fact.hpp"
#include "hub/core/options.hpp"
#include "hub/core/outbox.hpp"
#include "hub/core/places.hpp"
#include "shared/content_hash.hpp"
#include "shared/message.hpp"
#include "shared/time.hpp"
#include <roundhouse/result.hpp>

namespace roundhouse::hub {

struct StoreOptions {
  std::string kind = "sqlite";                  // "sqlite", "memory" or "none"
  Durability durability = Durability::relaxed;  // commit: each transaction reaches the disk
  // sqlite: the database file; its write-ahead log and the folders of large results and of modules
  // lie beside it.
  std::string path;
  // Arguments of finished tasks that are kept, so that these can be submitted anew; 0: none.
  std::size_t arguments_bytes_max = wire::kInlineBytesMax;
  // The same of those with bulk frames, all together: in memory, the newest. 0: none.
  std::size_t large_arguments_bytes_max = std::size_t{256} << 20U;
  // memory: finished records that are kept, and the bytes of their results and arguments.
  std::size_t memory_records_max = 100'000;
  std::size_t memory_bytes_max = std::size_t{256} << 20U;
  // memory and none: where the epoch and the ids of engines are kept; empty: nowhere, each hub
  // begins with epoch 1.
  std::string epoch_file;
  // sqlite: results above wire::kInlineBytesMax, all files together. Beyond it the oldest that
  // their clients have received go first; with none of those left, commit() fails.
  std::uint64_t blob_bytes_max = std::uint64_t{16} << 30U;
  // What is forgotten without being asked, oldest first, once its client has it: finished tasks
  // beyond so many (sqlite; memory has its own limit), beyond so many bytes of database and files
  // (sqlite), and those that ended longer ago. 0: nothing.
  std::uint64_t keep_records = 0;
  std::uint64_t keep_bytes = 0;
  Duration keep_age{0};
  // sqlite: the log is folded into the database when it is larger than the first, and commit()
  // fails while a reader keeps it above the second.
  std::uint64_t log_bytes = std::uint64_t{8} << 20U;
  std::uint64_t log_bytes_max = std::uint64_t{4} << 30U;
};

// Answers `db_query` from what has committed when it is asked. Thread rule: one thread, which need
// not be the store's.
class StoreSearch {
 public:
  StoreSearch() = default;
  StoreSearch(const StoreSearch&) = delete;
  StoreSearch& operator=(const StoreSearch&) = delete;
  virtual ~StoreSearch() = default;

  // Never throws; as Store::answer().
  [[nodiscard]] virtual wire::Reply answer(const Query& query) = 0;
};

// Facts as they were handed over, a vector each time: none of them is moved again.
using FactBatches = std::span<const std::vector<Fact>>;

class Store {
 public:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;

  // What hubs before left. Throws Exception(store_failed) when it cannot be read.
  [[nodiscard]] virtual Restored restore() = 0;

  // Raises the epoch by one, on disk when this returns, and returns it.
  // Throws Exception(store_failed).
  virtual std::uint64_t begin_epoch() = 0;

  // All facts of all batches, in order, in one transaction. On failure (`store_failed`, with what
  // to do about it) nothing of it has happened: hand in the same facts again later, with what came
  // since behind them.
  [[nodiscard]] virtual Result<void> commit(FactBatches batches) = 0;

  [[nodiscard]] Result<void> commit(const std::vector<Fact>& facts) {
    return commit(FactBatches{&facts, 1});
  }

  // `db_query`, `result`, `payload` and `purge_results` of PROTOCOL 9, from what is committed.
  // Never throws; a reply with a code says what was wrong.
  [[nodiscard]] virtual wire::Reply answer(const Query& query) = 0;

  // For `db_query` beside the store, in a thread of its own; null when answer() is quick enough.
  // After restore(). Throws Exception(store_failed).
  [[nodiscard]] virtual std::unique_ptr<StoreSearch> open_search() { return nullptr; }

  // The bytes of a module whose ModuleKept is committed, in parts as they travel.
  // Errc::store_failed when they are not there or not what they were; so are all in a store without
  // a memory.
  [[nodiscard]] virtual Result<Frames> read_module(const ContentHash& build) {
    return Error{Errc::store_failed,
                 "this store keeps no modules: " + short_text(build) + " is gone"};
  }

  // Where finished tasks ran that are on record, by session and sequence. Throws
  // Exception(store_failed).
  [[nodiscard]] virtual std::vector<RanOn> places(const PlaceQuestion& /*question*/) { return {}; }

  // Housekeeping between transactions; `idle`: nothing else is waiting. Never throws.
  virtual void maintain(bool idle) = 0;

  // How long it can do without maintain() when nothing happens; negative: for ever.
  [[nodiscard]] virtual std::chrono::milliseconds upkeep_within() const {
    return std::chrono::milliseconds{-1};
  }

  // "sqlite", "memory", "none".
  [[nodiscard]] virtual std::string_view kind() const = 0;
};

// Opens the store of this kind. Throws Exception: store_failed (a foreign, newer or damaged file,
// and what to do), in_use (another hub has it), permission, io_failed, config (no such kind).
[[nodiscard]] std::unique_ptr<Store> open_store(const StoreOptions& options);

}  // namespace roundhouse::hub
