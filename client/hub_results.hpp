// HubResults: outcomes that a client gets from the hub's records instead of by its own tasks: those
// of other clients, and of its own that it has let go of. Each wanted task is watched until it has
// ended, then looked up, and a result that does not fit into its record is fetched in parts.
// Pure: answers in, requests out. A new connection needs nothing: the session asks again.
//
//   results.add(place, task, record);              // `record` as the hub told it just now
//   results.ask(session, out);                     // ... and after each answer
//   if (results.on_reply(reply)) ...               // it was for us
//   for (HubOutcome& one : results.take_outcomes()) slab.finish(...);
//
// Thread rule: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "client/body_json.hpp"
#include "client/core/session.hpp"
#include "client/payload_parts.hpp"
#include "shared/records.hpp"
#include <roundhouse/ids.hpp>

namespace roundhouse::detail {

struct HubOutcome {
  wire::OutcomeRecord record;  // its sequence is the place
  std::string engine_uuid;
};

class HubResults {
 public:
  // The outcome of `task` is wanted for `place`, a number that is used once.
  void add(std::uint64_t place, TaskId task, std::string_view record);
  // It is wanted no more. Fine when it has come.
  void drop(std::uint64_t place);

  // Sends what is to be asked now.
  void ask(client::Session& session, client::Outbox& out);
  // False: nobody here asked for it.
  bool on_reply(const wire::Reply& reply);

  [[nodiscard]] std::vector<HubOutcome> take_outcomes();

  // Tasks that are waited for.
  [[nodiscard]] std::size_t size() const { return wanted_.size(); }

  static constexpr std::size_t kIdsPerQuestion = 1000;
  static constexpr std::size_t kQuestionsMax = 4;  // under way, but for watches

 private:
  enum class Verb : std::uint8_t { watch, result, payload };

  struct Wanted {
    std::vector<std::uint64_t> places;
    std::uint64_t watch = 0;  // the request that watches it; 0: none
    wire::OutcomeRecord record;
    std::string engine_uuid;
    PayloadParts parts;
  };

  struct Question {
    Verb verb = Verb::watch;
    std::vector<TaskId> tasks;
    std::size_t left = 0;  // of a watch: tasks that are still wanted
  };

  void on_record(TaskId task, std::string_view bytes);
  void on_watch(Question& question, const BodyMap& body);
  void on_result(const BodyMap& body);
  void on_payload(TaskId task, const BodyMap& body);
  void finish(TaskId task, Payload payload);
  void fail(TaskId task, std::string_view name, const std::string& text);
  void end(TaskId task);
  // One watched task less.
  void leave_watch(Wanted& wanted);
  void send(Verb verb, std::vector<TaskId> tasks, client::Session& session, client::Outbox& out);

  std::unordered_map<TaskId, Wanted> wanted_;
  std::unordered_map<std::uint64_t, TaskId> tasks_;  // by place
  std::map<std::uint64_t, Question> questions_;      // under way, by request
  std::vector<TaskId> to_watch_;
  std::deque<TaskId> to_look_up_;
  std::deque<TaskId> to_fetch_;
  std::vector<std::uint64_t> to_unwatch_;  // requests
  std::vector<HubOutcome> outcomes_;
};

}  // namespace roundhouse::detail
