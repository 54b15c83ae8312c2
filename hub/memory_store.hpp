#pragma once

// MemoryStore: the last finished records, in memory, gone with the hub. A bounded number of them
// and of bytes: the oldest go first. NoStore: nothing at all; questions are answered with what the
// router knows itself. Thread rule: as Store.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hub/answers.hpp"
#include "hub/hub_file.hpp"
#include "hub/large_arguments.hpp"
#include "hub/store.hpp"

namespace roundhouse::hub {

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(const StoreOptions& options);

  [[nodiscard]] Restored restore() override;
  std::uint64_t begin_epoch() override;
  using Store::commit;
  [[nodiscard]] Result<void> commit(FactBatches batches) override;
  [[nodiscard]] wire::Reply answer(const Query& query) override;
  [[nodiscard]] std::vector<RanOn> places(const PlaceQuestion& question) override;

  void maintain(bool idle) override;
  [[nodiscard]] std::chrono::milliseconds upkeep_within() const override;

  [[nodiscard]] std::string_view kind() const override { return "memory"; }

 private:
  struct Session {
    SessionId id;
    std::uint64_t delivered = 0;
    std::int64_t received_us = 0;
  };

  struct Kept {
    Ended fact;
    std::uint64_t result_bytes = 0;
    bool has_result = false;  // its bytes are kept

    // What counts against the limit.
    [[nodiscard]] std::size_t bytes() const {
      return fact.payload.size() + fact.printed.size +
             (fact.arguments ? fact.arguments->size() : 0);
    }
  };

  // Finished records are searched from the newest on, without an index: a hundred thousand of them
  // are looked through in less time than an index would cost while they are written.
  [[nodiscard]] TaskId task_of(const Ended& fact) const;
  [[nodiscard]] Record record_of(const Kept& kept, bool with_result) const;
  [[nodiscard]] wire::Reply answer_query(const Query& query) const;
  [[nodiscard]] wire::Reply answer_result(const Query& query, const RequestBody& question) const;
  [[nodiscard]] wire::Reply answer_payload(const Query& query, const RequestBody& question);
  [[nodiscard]] wire::Reply answer_purge(const Query& query, const RequestBody& question);
  void take(const std::vector<Fact>& facts);
  void keep(const Ended& fact);
  void forget_oldest();

  const StoreOptions options_;
  HubFile file_;
  std::unordered_map<SessionNumber, Session> sessions_;
  std::unordered_map<TemplateNumber, TemplateDefined> templates_;
  std::deque<Kept> records_;  // oldest first
  std::size_t bytes_ = 0;     // of their payloads
  LargeArguments large_arguments_;
};

class NoStore final : public Store {
 public:
  explicit NoStore(const StoreOptions& options) : file_(options.epoch_file) {}

  [[nodiscard]] Restored restore() override;

  std::uint64_t begin_epoch() override { return file_.begin_epoch(); }

  using Store::commit;

  [[nodiscard]] Result<void> commit(FactBatches batches) override {
    for (const std::vector<Fact>& facts : batches) file_.note(facts);
    return {};
  }

  [[nodiscard]] wire::Reply answer(const Query& query) override;

  void maintain(bool /*idle*/) override {}

  [[nodiscard]] std::string_view kind() const override { return "none"; }

 private:
  HubFile file_;
};

}  // namespace roundhouse::hub
