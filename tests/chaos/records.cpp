// What the hub has on record in the end, of every task that a client noted.
#include <set>
#include <span>
#include <unordered_map>

#include "tests/chaos/journal.hpp"
#include "tests/chaos/run.hpp"
#include "tests/support/patience.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::chaos {
namespace {

constexpr std::size_t kPage = 1000;

Ending ending_of(const TaskRecord& record) {
  const std::string& outcome = record.metadata.outcome;
  if (outcome == "ok") return Ending::ok;
  if (outcome == "engine_lost") return Ending::engine_lost;
  if (outcome.empty()) return Ending::unknown;
  if (record.error_name == "PayloadLost") return Ending::payload_lost;
  return record.error_name == "OutcomeNotRecorded" ? Ending::not_recorded : Ending::error;
}

// msg_ids and their keys.
std::unordered_map<std::string, std::uint64_t> keys_by_id(const Evidence& evidence) {
  std::unordered_map<std::string, std::uint64_t> out;
  for (const ClientNotes& client : evidence.clients) {
    SessionId session;
    for (const Note& note : client.notes) {
      if (note.entry == Entry::session) session = SessionId{note.key};
      if (note.entry == Entry::submitted)
        out.emplace(to_string(TaskId{session, note.value}), note.key);
    }
  }
  return out;
}

void read_values(const Client& client, std::span<const std::string> ids,
                 const std::unordered_map<std::string, std::uint64_t>& keys, Evidence& evidence) {
  const auto results = client.get_result<std::uint64_t>(Jobs(ids));
  const auto values = results.get(return_exceptions);
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (values[i].ok()) evidence.records[keys.at(ids[i])].value = values[i].value();
}

}  // namespace

void Run::read_records(Evidence& evidence) {
  const auto keys = keys_by_id(evidence);
  const Client client = cluster_.connect({.timeout = 3 * test::kPatience});
  TaskQuery query{.limit = kPage, .fields = {"msg_id", "outcome", "error"}};
  for (;;) {
    check_interrupted();
    const std::vector<TaskRecord> page = client.db_query(query);
    std::vector<std::string> good;
    for (const TaskRecord& record : page) {
      const auto found = keys.find(record.metadata.msg_id);
      if (found == keys.end()) continue;
      Recorded& recorded = evidence.records[found->second];
      ++recorded.times;
      recorded.ending = ending_of(record);
      if (recorded.ending == Ending::ok) good.push_back(record.metadata.msg_id);
    }
    if (!good.empty()) read_values(client, good, keys, evidence);
    if (page.size() < kPage) return;
    query.after = page.back().metadata.msg_id;
  }
}

}  // namespace roundhouse::chaos
