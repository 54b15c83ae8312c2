#pragma once

// DISK. SqliteStore: one file per cluster, in WAL mode, readable by anybody's tools meanwhile.
//
// The hot path is one insert per finished task (schema.cpp); a submit message whose tasks all ended
// within one transaction is never written. Errors of SQLite and of the file system become values or
// Exception(store_failed) here and go no further. Thread rule: as Store.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hub/answers.hpp"
#include "hub/blobs.hpp"
#include "hub/database_lock.hpp"
#include "hub/large_arguments.hpp"
#include "hub/ledger.hpp"
#include "hub/module_folder.hpp"
#include "hub/retention.hpp"
#include "hub/schema.hpp"
#include "hub/sqlite.hpp"
#include "hub/sqlite_endings.hpp"
#include "hub/sqlite_records.hpp"
#include "hub/store.hpp"

namespace roundhouse::hub {

class SqliteStore final : public Store {
 public:
  // Opens or creates `options.path`. Throws Exception as open_store() says.
  explicit SqliteStore(const StoreOptions& options);

  [[nodiscard]] Restored restore() override;
  std::uint64_t begin_epoch() override;
  using Store::commit;
  [[nodiscard]] Result<void> commit(FactBatches batches) override;
  [[nodiscard]] wire::Reply answer(const Query& query) override;
  [[nodiscard]] std::unique_ptr<StoreSearch> open_search() override;
  [[nodiscard]] std::vector<RanOn> places(const PlaceQuestion& question) override;

  [[nodiscard]] Result<Frames> read_module(const ContentHash& build) override {
    return modules_.read(build);
  }

  void maintain(bool idle) override;
  [[nodiscard]] std::chrono::milliseconds upkeep_within() const override;

  [[nodiscard]] std::string_view kind() const override { return "sqlite"; }

 private:
  // sqlite_store.cpp: writing.
  void write(FactBatches batches);
  void apply(const SessionOpened& fact);
  void apply(const TemplateDefined& fact);

  void apply(const Submitted& fact) { ledger_.on_submitted(fact); }

  void apply(const Ended& fact);

  void apply(const Delivered& /*fact*/) {}  // done before all others: see write()

  void apply(const EngineJoined& fact);
  void apply(const EngineLeft& fact);
  void keep_arguments(const Ended& fact, std::int64_t key, std::string& joined);
  void insert_error(std::int64_t key, const Ended& fact);
  // Nothing: the result is not kept, because its client has it and the quota is used up.
  bool write_blob(std::int64_t key, const Ended& fact);
  void make_room(std::uint64_t bytes);
  void insert_pending(Ledger::Session& session);
  void insert_batch(SessionNumber session, Ledger::Batch& batch);
  void update(const Ledger::Session& session);
  void check_log();

  // sqlite_modules.cpp
  void apply(const ModuleKept& fact);
  void apply(const ModuleDropped& fact);

  // sqlite_cluster.cpp: what holds until the cluster is stopped.
  void apply(const PolicySet& fact);
  void apply(const HubStopped& fact);
  void apply(const AbortAsked& fact);
  void forget_aborts();
  void forget_aborts(const std::vector<std::int64_t>& over);
  void restore_aborts(Restored& out);
  void note_given_up(const EngineLeft& fact);
  void restore_policy(Restored& out);

  // sqlite_restore.cpp: reading what a hub before left, and rebuilding the ledger.
  void restore_sessions(Restored& out);
  void restore_templates(Restored& out);
  void restore_engines(Restored& out);
  void restore_modules(Restored& out);
  void restore_pending(Restored& out);
  void restore_undelivered(Restored& out);
  [[nodiscard]] std::vector<wire::Range> ended_in(std::int64_t first, std::int64_t last);
  [[nodiscard]] Payload restore_payload(std::int64_t key, Ended& fact, const sql::Statement& row);
  void sweep_blobs();

  // sqlite_query.cpp: answering.
  [[nodiscard]] wire::Reply answer_result(const Query& query, const RequestBody& question);
  [[nodiscard]] wire::Reply answer_payload(const Query& query, const RequestBody& question);
  [[nodiscard]] Result<PayloadPart> find_result(std::int64_t key, TaskId task,
                                                std::uint64_t offset);
  [[nodiscard]] wire::Reply answer_arguments(const Query& query, std::int64_t key, TaskId task,
                                             std::uint64_t offset);
  [[nodiscard]] wire::Reply answer_purge(const Query& query, const RequestBody& question);
  // The keys of tasks in the table that the question means, but for `all`.
  [[nodiscard]] std::vector<std::int64_t> purgeable(const Query& query,
                                                    const RequestBody& question);
  [[nodiscard]] std::optional<std::int64_t> find_key(TaskId task) const;
  [[nodiscard]] TaskId task_of(std::int64_t key) const;
  std::uint64_t purge(const std::vector<std::int64_t>& keys);
  std::uint64_t purge_all();
  void erase_row(std::int64_t key);
  void sweep_purged();
  void forget(const std::vector<std::int64_t>& keys);

  // sqlite_retention.cpp: forgetting without being asked.
  void keep_within_limits();
  void forget_receipts(const std::vector<std::int64_t>& keys);
  [[nodiscard]] std::uint64_t used_bytes();

  const StoreOptions options_;
  DatabaseLock lock_;
  BlobFolder blobs_;
  ModuleFolder modules_;
  sql::Database db_;
  std::optional<Retention> retention_;       // likewise
  std::optional<SqliteRecords> records_;     // once there are tables
  std::optional<SqliteEndings> endings_;     // the same
  std::unique_ptr<StoreSearch> own_search_;  // for questions that come to answer()
  Ledger ledger_;
  std::size_t aborts_added_ = 0;  // ranges, since it was last looked which of them are over
  LargeArguments large_arguments_;
  std::unordered_map<std::uint64_t, SessionNumber> numbers_;  // by session id
  std::unordered_map<SessionNumber, std::uint64_t> ids_;
  std::uint64_t blob_bytes_ = 0;
  std::uint64_t purged_ = 0;  // rows that only wait for being received or complete
  bool stale_ = false;        // a transaction failed: the ledger is to be read again
  std::uint64_t commits_ = 0;
  std::uint64_t fold_above_ = 0;              // bytes of log: raised while a reader is in the way
  std::vector<std::int64_t> written_;         // blob files of this transaction
  std::vector<std::int64_t> dropped_;         // blob files to delete when it has committed
  std::vector<ContentHash> dropped_modules_;  // the same of modules
  std::vector<std::pair<std::int64_t, bool>> complete_;  // pending rows, and whether with a file

  // Prepared once.
  sql::Statement begin_, commit_;
  sql::Statement insert_session_, update_session_, insert_template_, insert_engine_, leave_engine_;
  sql::Statement insert_pending_, delete_pending_, insert_task_, insert_error_, insert_blob_;
  sql::Statement insert_attempts_, erase_attempts_, insert_output_, erase_output_;
  sql::Statement insert_receipt_, insert_rules_, insert_builds_, insert_module_, delete_module_;
  sql::Statement insert_verdict_, delete_verdict_;
  sql::Statement erase_task_, erase_error_, erase_purged_, erase_blob_;
};

}  // namespace roundhouse::hub
