// CORE. Outbox: what the client's session wants done, as data. The shell carries it out after each
// turn, in this order: sends, close, connect; then it looks at the news.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "shared/message.hpp"
#include "shared/records.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::client {

struct Send {
  wire::Plane plane = wire::Plane::task;
  wire::Message message;
};

struct Outbox {
  // To do.
  std::vector<Send> sends;  // in this order per plane
  bool close = false;       // the link, whatever its state; no on_link_down follows
  bool connect = false;     // a new link of all planes: see Session::connection()

  // To know.
  std::vector<wire::OutcomeRecord> outcomes;  // each task's once
  std::vector<wire::Output> outputs;          // what tasks that run have written
  std::vector<wire::Reply> replies;           // to request(); with code not_connected when given up
  bool engines_changed = false;               // see Session::engines()
  bool engines_answered = false;              // see Session::asks_engines()
  bool usable_changed = false;                // see Session::usable()
  bool modules_changed = false;               // see Session::shelf()
  std::optional<Error> failed;                // the hub will not serve this session: for good

  void clear() {
    sends.clear(), outcomes.clear(), outputs.clear(), replies.clear();
    close = connect = engines_changed = engines_answered = usable_changed = modules_changed = false;
    failed.reset();
  }

  [[nodiscard]] bool empty() const {
    return sends.empty() && outcomes.empty() && outputs.empty() && replies.empty() && !close &&
           !connect && !engines_changed && !engines_answered && !usable_changed &&
           !modules_changed && !failed;
  }
};

}  // namespace roundhouse::client
