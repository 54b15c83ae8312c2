#pragma once

// CORE. Outbox: what the router wants done, as data. The shell carries it out after each turn, in
// this order: facts to the recorder, queries, fetches and questions behind them, sends in order,
// hints, closes, stop.

#include <cstdint>
#include <string>
#include <vector>

#include "hub/core/fact.hpp"
#include "hub/core/link.hpp"
#include "hub/core/places.hpp"
#include "hub/core/record.hpp"
#include "shared/content_hash.hpp"
#include "shared/message.hpp"

namespace roundhouse::hub {

struct Send {
  LinkId link;
  wire::Message message;
};

struct Publish {
  std::string topic;
  wire::Message message;
};

// A question that the database answers, after all facts emitted before it: verbs `db_query`,
// `result`, `payload`, `purge_results` of PROTOCOL 9. The answer is a Reply to `link` with
// `request`.
struct Query {
  LinkId link;
  std::uint64_t request = 0;
  std::string verb;
  wire::Raw body;
  // Unfinished tasks among those asked for, which only the router knows. Of a `db_query`: those
  // that it wants, in its order.
  std::vector<Record> live;
  std::int64_t at_us = 0;  // when it was asked
};

struct Outbox {
  std::vector<Fact> facts;
  std::vector<Query> queries;
  std::vector<ContentHash> fetches;  // modules to be read: Router::on_module_read()
  std::vector<PlaceQuestion> place_questions;
  std::vector<Send> sends;
  std::vector<Publish> hints;
  std::vector<LinkId> closes;
  bool stop = false;  // a client asked the hub to shut down

  void clear() {
    facts.clear(), queries.clear(), fetches.clear(), place_questions.clear();
    sends.clear(), hints.clear(), closes.clear();
    stop = false;
  }

  [[nodiscard]] bool empty() const {
    return facts.empty() && queries.empty() && fetches.empty() && place_questions.empty() &&
           sends.empty() && hints.empty() && closes.empty() && !stop;
  }
};

}  // namespace roundhouse::hub
