#pragma once

// CORE. Facts: what happened, told to the results database. Past tense, immutable, numbered in the
// order they were emitted from 1 on; the database commits them in that order, so that a crash
// leaves a prefix. Thread rule: plain values of counted handles; handed from the loop to the
// recorder.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "hub/core/depends_on.hpp"
#include "shared/content_hash.hpp"
#include "shared/message.hpp"
#include "shared/payload.hpp"
#include "shared/records.hpp"
#include <roundhouse/ids.hpp>

namespace roundhouse::hub {

// A session's small number in this cluster: the upper part of the database's integer keys.
using SessionNumber = std::uint32_t;
// A template's number at the hub, never reused in a cluster's life.
using TemplateNumber = std::uint32_t;

struct SessionOpened {
  SessionNumber number = 0;
  SessionId id;
  Uuid secret;
  std::string label;
  std::int64_t at_us = 0;
};

struct TemplateDefined {
  TemplateNumber number = 0;
  SessionNumber session = 0;
  // Its number is the session's. Elsewhere, and not changed once told: it would make every fact
  // larger by 150 bytes.
  std::shared_ptr<wire::Define> define;
};

// Tasks first..last of a session were accepted, by one submit message, kept as it came.
struct Submitted {
  SessionNumber session = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  wire::Message batch;  // records below `first` in it are duplicates
  std::int64_t at_us = 0;
};

// A task has its outcome.
struct Ended {
  SessionNumber session = 0;
  std::uint64_t sequence = 0;
  std::uint64_t delivery = 0;  // dense per session, in the order of ending: see Delivered
  TemplateNumber template_number = 0;
  std::int64_t submitted_us = 0;
  std::int64_t started_us = 0;  // 0 when it never started
  std::uint64_t duration_ns = 0;
  std::optional<EngineId> engine;
  std::uint32_t incarnation = 0;
  std::uint32_t attempt = 0;
  wire::Ending ending = wire::Ending::ok;
  Payload payload;
  // What it was called with, so that it can be submitted anew; nothing when bulk frames were among
  // it, which would be kept for nothing in most cases.
  std::optional<Payload> arguments = {};
  DependsOn depends = {};  // of few tasks
  Slice printed = {};      // what it wrote, as its engine sent it (shared/printed.hpp)

  // When the run was over, or, of a task that never ran, when it was submitted.
  [[nodiscard]] std::int64_t ended_us() const {
    if (started_us == 0) return submitted_us;
    return started_us + static_cast<std::int64_t>(duration_ns / 1000);
  }
};

// The client has received the outcomes of its session up to this delivery number.
struct Delivered {
  SessionNumber session = 0;
  std::uint64_t through = 0;
  std::int64_t at_us = 0;
};

struct EngineJoined {
  EngineId id;
  Uuid uuid;
  std::uint32_t incarnation = 0;
  std::uint32_t slots = 1;
  std::string host;
  std::uint32_t pid = 0;
  std::int64_t at_us = 0;
};

// An incarnation is over; `gone` says that the engine left for good, `given_up` why its nanny does
// not start it again.
struct EngineLeft {
  EngineId id;
  std::uint32_t incarnation = 0;
  std::string reason;
  bool gone = false;
  std::int64_t at_us = 0;
  std::string given_up = {};
};

// A module that a client shipped, kept for engines to come, and what became of loading it. Without
// parts only what else is said of it has changed.
struct ModuleKept {
  ContentHash build;
  std::string name;
  std::uint64_t size = 0;
  std::uint64_t order = 0;
  bool everywhere = false;
  Frames parts = {};
  bool loaded = false;            // by some engine
  std::string trouble_code = {};  // why it is withheld; empty: it is not
  std::string trouble_text = {};
};

struct ModuleDropped {
  ContentHash build;
};

// A client has chosen the policy of placing.
struct PolicySet {
  std::string policy;  // its name
};

// Clients have asked for the end of these tasks, which engines have, or which are not submitted
// yet: no later hub may run them.
struct AbortAsked {
  SessionNumber session = 0;
  std::vector<wire::Range> tasks;
};

// The hub ends because it was told to, and its cluster with it: what holds for a cluster's run, its
// policy and who was given up, is over.
struct HubStopped {};

using Fact = std::variant<SessionOpened, TemplateDefined, Submitted, Ended, Delivered, EngineJoined,
                          EngineLeft, ModuleKept, ModuleDropped, PolicySet, AbortAsked, HubStopped>;

// What a hub finds in the database when it starts: the state that outlives it.
struct Restored {
  struct Session {
    SessionNumber number = 0;
    SessionId id;
    Uuid secret;
    std::string label;
    std::uint64_t accepted = 0;            // highest sequence with a Submitted fact
    std::uint64_t delivered = 0;           // highest Delivered
    std::uint64_t deliveries = 0;          // highest delivery number used
    std::vector<wire::Range> failed = {};  // finished tasks that did not end ok, also purged ones
  };

  // A submit message some of whose tasks are unfinished.
  struct Pending {
    SessionNumber session = 0;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    wire::Message batch;  // bulk frames are missing when they were not kept on disk
    std::int64_t at_us = 0;
    std::vector<wire::Range> ended;  // tasks of it that are finished, lowest first
  };

  struct Engine {
    EngineId id;
    Uuid uuid;
    std::uint32_t incarnation = 0;
    std::uint32_t slots = 1;
    bool gone = false;  // left for good: only its id is remembered
    std::string host = {};
    std::string given_up = {};  // since the cluster was started
  };

  std::uint64_t epoch = 0;  // of the hub before; 0 in a fresh database
  std::vector<Session> sessions;
  std::vector<TemplateDefined> templates;
  std::vector<Pending> pending;    // by session and first
  std::vector<Ended> undelivered;  // by session and delivery
  std::vector<Engine> engines;
  std::vector<ModuleKept> modules;      // without their parts
  std::string policy = {};              // that was set since the cluster was started; empty: none
  std::vector<AbortAsked> aborts = {};  // perhaps with tasks that have ended
};

}  // namespace roundhouse::hub
