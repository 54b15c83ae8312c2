#pragma once

// CORE. Every message of the wire but the batches (records.hpp), as plain structs that list their
// fields once. shared/PROTOCOL.md is the authority; this file is its C++ form.
//
// A message is a header frame, 'R' 'H' major kind and then a msgpack map with named keys, and bulk
// frames. Unknown keys are skipped and missing ones keep their default, so that versions may
// differ by one. Thread rule: plain values.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "shared/content_hash.hpp"
#include "shared/module_messages.hpp"
#include "shared/payload.hpp"
#include "shared/steering_messages.hpp"
#include "shared/wire.hpp"
#include <roundhouse/buffer.hpp>
#include <roundhouse/ids.hpp>
#include <roundhouse/result.hpp>

namespace roundhouse::wire {

// A nanny speaks for a process that is dead, as a keeper it looks after one that lives.
enum class Role : std::uint8_t { client, engine, nanny, keeper };

// First on the task and on the control plane of a connection; both carry the same `connection`.
struct Hello {
  static constexpr Kind kKind = Kind::hello;
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  Role role = Role::client;
  std::uint64_t connection = 0;   // random, the same on both planes of one connection
  std::uint64_t epoch = 0;        // of the hub last seen; 0 when none was
  SessionId session;              // client
  Uuid secret;                    // client: pinned by the first hello of the session
  std::vector<Range> ended;       // client: sequences whose outcome it has, above `settled`
  std::uint64_t settled = 0;      // client: it has the outcomes of all sequences up to this
  std::vector<Range> failed;      // client: of all those, the ones that did not end ok
  std::uint64_t submitted = 0;    // client: the highest sequence it ever sent
  Uuid uuid;                      // engine, nanny, keeper
  std::uint32_t incarnation = 0;  // engine, nanny
  std::uint32_t slots = 1;        // engine
  std::uint64_t next_number = 1;  // engine: the number it expects of the next assignment
  std::uint32_t pid = 0;
  std::string host;
  std::string label;
  friend bool operator==(const Hello&, const Hello&) = default;

  template <class Self, class V>
  static void fields(Self& m, V&& v) {
    v("major", m.major), v("minor", m.minor), v("role", m.role), v("connection", m.connection);
    v("epoch", m.epoch), v("session", m.session), v("secret", m.secret), v("ended", m.ended);
    v("settled", m.settled), v("submitted", m.submitted), v("uuid", m.uuid);
    v("incarnation", m.incarnation), v("slots", m.slots), v("next_number", m.next_number);
    v("pid", m.pid), v("host", m.host), v("label", m.label), v("failed", m.failed);
  }
};

// The hub's answer on both planes, once both said hello: the peer is usable.
struct Welcome {
  static constexpr Kind kKind = Kind::welcome;
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint64_t epoch = 0;
  EngineId engine;                 // engine, nanny: the id for people
  std::uint64_t accepted = 0;      // client: submissions accepted through
  std::uint64_t stored = 0;        // client: submissions; engine: outcomes; stored through
  std::uint64_t credit_tasks = 0;  // client: see Accepted
  std::uint64_t credit_bytes = 0;
  std::uint32_t heartbeat_ms = 1000;
  std::uint32_t dead_ms = 3000;  // silence after which a peer counts as lost
  bool durable = true;           // false under durability `none`: keep until the outcome
  friend bool operator==(const Welcome&, const Welcome&) = default;

  template <class Self, class V>
  static void fields(Self& m, V&& v) {
    v("major", m.major), v("minor", m.minor), v("epoch", m.epoch), v("engine", m.engine);
    v("accepted", m.accepted), v("stored", m.stored), v("credit_tasks", m.credit_tasks);
    v("credit_bytes", m.credit_bytes), v("heartbeat_ms", m.heartbeat_ms);
    v("dead_ms", m.dead_ms), v("durable", m.durable);
  }
};

// Something was wrong with a message; `fatal` says that the sender will not be served.
struct Refused {
  static constexpr Kind kKind = Kind::refused;
  std::string code;  // Errc's name
  std::string text;
  bool fatal = false;
  friend bool operator==(const Refused&, const Refused&) = default;

  template <class Self, class V>
  static void fields(Self& m, V&& v) {
    v("code", m.code), v("text", m.text), v("fatal", m.fatal);
  }
};

// "Say hello first": answers anything that comes before it.
struct Who {
  static constexpr Kind kKind = Kind::who;
  friend bool operator==(const Who&, const Who&) = default;

  template <class Self, class V>
  static void fields(Self&, V&&) {}
};

// Control plane, both ways: a peer beats, the hub answers each beat with the same number.
struct Beat {
  static constexpr Kind kKind = Kind::beat;
  std::uint64_t number = 0;
  friend bool operator==(const Beat&, const Beat&) = default;

  template <class Self, class V>
  static void fields(Self& m, V&& v) {
    v("number", m.number);
  }
};

// Leaving on purpose. Hub to engine: finish nothing, go. Engine or client to hub: gone for good.
struct Goodbye {
  static constexpr Kind kKind = Kind::goodbye;
  std::string reason;
  friend bool operator==(const Goodbye&, const Goodbye&) = default;

  template <class Self, class V>
  static void fields(Self& m, V&& v) {
    v("reason", m.reason);
  }
};

// Control plane, client to hub: a question or an order; `verb` and `body` as PROTOCOL.md lists.
struct Request {
  static constexpr Kind kKind = Kind::request;
  std::uint64_t id = 0;
  std::string verb;
  Raw body;
  friend bool operator==(const Request&, const Request&) = default;

  template <class Self, class V>
  static void fields(Self& m, V&& v) {
    v("id", m.id), v("verb", m.verb), v("body", m.body);
  }
};

struct Reply {
  static constexpr Kind kKind = Kind::reply;
  std::uint64_t id = 0;
  std::string code;  // empty when all went well, else Errc's name
  std::string text;
  Raw body;
  bool more = false;  // a further reply to the same request follows
  friend bool operator==(const Reply&, const Reply&) = default;

  template <class Self, class V>
  static void fields(Self& m, V&& v) {
    v("id", m.id), v("code", m.code), v("text", m.text), v("body", m.body), v("more", m.more);
  }
};

// What many tasks share, sent once per connection before the first record that refers to it.
// Client to hub: numbers are the session's. Hub to engine: numbers are the hub's, and `session`
// tells whose tasks they are.
struct Define {
  static constexpr Kind kKind = Kind::define;
  std::uint32_t number = 0;
  SessionId session;
  std::string function;
  std::string signature;
  std::string view;  // "direct" or "load_balanced": for the record
  std::string label;
  std::vector<std::uint32_t> targets;  // engines that may run it; empty: any
  std::uint32_t retries = 0;
  std::int32_t priority = 0;
  std::vector<ContentHash> builds;  // of modules, the one to look in first in front; empty: any
  std::uint64_t timeout_us = 0;     // for its dependencies to be met; 0: no limit
  std::uint64_t time_limit_us = 0;  // for a run; 0: no limit
  // A predicate that an engine asks before it runs a task: a function, its signature and its body.
  std::string depend = {};
  std::string depend_signature = {};
  std::string depend_body = {};
  std::vector<std::string> require_modules = {};    // names; an engine must have them
  std::vector<std::string> require_functions = {};  // names, each followed by its signature
  std::uint32_t depth = 0;  // one more than that of the task that submits them; 0: no task does
  std::string source = {};  // of a function that is sent with the call (lambda_source.hpp)
  friend bool operator==(const Define&, const Define&) = default;

  // Whether it says more than where and how often its tasks run.
  [[nodiscard]] bool has_rules() const {
    return timeout_us != 0 || time_limit_us != 0 || !depend.empty() || !require_modules.empty() ||
           !require_functions.empty() || depth != 0;
  }

  // What counts against the bounds of templates.
  [[nodiscard]] std::size_t bytes() const {
    std::size_t texts = function.size() + signature.size() + view.size() + label.size() +
                        depend.size() + depend_signature.size() + depend_body.size() +
                        source.size();
    for (const auto* names : {&require_modules, &require_functions})
      for (const std::string& name : *names) texts += name.size() + 4;
    return texts + 4 * targets.size() + sizeof(ContentHash) * builds.size();
  }

  template <class Self, class V>
  static void fields(Self& m, V&& v) {
    v("number", m.number), v("session", m.session), v("function", m.function);
    v("signature", m.signature), v("view", m.view), v("label", m.label);
    v("targets", m.targets), v("retries", m.retries), v("priority", m.priority);
    v("builds", m.builds), v("timeout_us", m.timeout_us), v("time_limit_us", m.time_limit_us);
    v("depend", m.depend), v("depend_signature", m.depend_signature);
    v("depend_body", m.depend_body), v("require_modules", m.require_modules);
    v("require_functions", m.require_functions), v("depth", m.depth), v("source", m.source);
  }
};

// Hub to client, cumulative. Credit: sequences up to `credit_tasks` and, counted over the
// connection, `credit_bytes` bytes of payload may have been sent.
struct Accepted {
  static constexpr Kind kKind = Kind::accepted;
  std::uint64_t accepted = 0;
  std::uint64_t stored = 0;
  std::uint64_t credit_tasks = 0;
  std::uint64_t credit_bytes = 0;
  friend bool operator==(const Accepted&, const Accepted&) = default;

  template <class Self, class V>
  static void fields(Self& m, V&& v) {
    v("accepted", m.accepted), v("stored", m.stored), v("credit_tasks", m.credit_tasks);
    v("credit_bytes", m.credit_bytes);
  }
};

// Client to hub, cumulative: outcomes of this connection received through this number, and live
// output, as cost_of() counts it.
struct Received {
  static constexpr Kind kKind = Kind::received;
  std::uint64_t through = 0;
  std::uint64_t output = 0;
  friend bool operator==(const Received&, const Received&) = default;

  template <class Self, class V>
  static void fields(Self& m, V&& v) {
    v("through", m.through), v("output", m.output);
  }
};

// Hub to engine, cumulative: outcomes of this incarnation that need not be kept any longer.
struct Stored {
  static constexpr Kind kKind = Kind::stored;
  std::uint64_t through = 0;
  bool died = false;  // to a nanny: what follows from its `died` is stored, too
  friend bool operator==(const Stored&, const Stored&) = default;

  template <class Self, class V>
  static void fields(Self& m, V&& v) {
    v("through", m.through), v("died", m.died);
  }
};

// Hub to engine: which of these assignments can you still promise not to run?
struct Revoke {
  static constexpr Kind kKind = Kind::revoke;
  std::vector<std::uint64_t> numbers;
  friend bool operator==(const Revoke&, const Revoke&) = default;

  template <class Self, class V>
  static void fields(Self& m, V&& v) {
    v("numbers", m.numbers);
  }
};

// The answer: these will not be run; the others are running, or have run.
struct Revoked {
  static constexpr Kind kKind = Kind::revoked;
  std::vector<std::uint64_t> numbers;
  friend bool operator==(const Revoked&, const Revoked&) = default;

  template <class Self, class V>
  static void fields(Self& m, V&& v) {
    v("numbers", m.numbers);
  }
};

// Engine to hub, when it has changed: so many of the tasks that run wait for others, and other
// tasks have their slots meanwhile.
struct Lent {
  static constexpr Kind kKind = Kind::lent;
  std::uint32_t slots = 0;
  std::uint32_t depth = 0;  // of tasks that are not direct only such are wanted, or deeper ones
  friend bool operator==(const Lent&, const Lent&) = default;

  template <class Self, class V>
  static void fields(Self& m, V&& v) {
    v("slots", m.slots), v("depth", m.depth);
  }
};

// Nanny to hub, after the outcomes that the engine left: how this incarnation ended. Tasks that
// are neither in `running` nor among the outcomes were never started.
struct Died {
  static constexpr Kind kKind = Kind::died;
  std::int32_t signal = 0;  // 0 when it exited
  std::int32_t exit_code = 0;
  std::string output;  // the last that was written since what ran began, or since nothing ran
  std::vector<RunRef> running;
  bool restarting = true;  // a fresh incarnation follows
  ContentHash loading;     // the build of the module that it was loading; empty: none
  std::string given_up;    // why the nanny does not start it again, unless it was told to stop
  bool asked = false;      // a client asked for it
  std::vector<std::string> printed;  // by each of `running`, as outcomes have it; or none at all
  std::string replaced;              // why it ended itself, to be started again; empty: it did not
  friend bool operator==(const Died&, const Died&) = default;

  template <class Self, class V>
  static void fields(Self& m, V&& v) {
    v("signal", m.signal), v("exit_code", m.exit_code), v("output", m.output);
    v("running", m.running), v("restarting", m.restarting);
    v("loading", m.loading), v("given_up", m.given_up), v("asked", m.asked);
    v("printed", m.printed), v("replaced", m.replaced);
  }
};

// Engine to hub, and on to the client: what a task that runs has written, from `offset` of a stream
// on; parts come in order, and some may be missing. Its outcome does not depend on them.
struct Output {
  static constexpr Kind kKind = Kind::output;
  SessionId session;
  std::uint64_t sequence = 0;
  std::uint64_t epoch = 0;  // of the run's fence, with its attempt
  std::uint32_t attempt = 0;
  EngineId engine;
  std::uint32_t stream = 1;  // 1: standard output, 2: standard error
  std::uint64_t offset = 0;
  std::string text;
  friend bool operator==(const Output&, const Output&) = default;

  template <class Self, class V>
  static void fields(Self& m, V&& v) {
    v("session", m.session), v("sequence", m.sequence), v("epoch", m.epoch);
    v("attempt", m.attempt), v("engine", m.engine), v("stream", m.stream);
    v("offset", m.offset), v("text", m.text);
  }
};

// Hub to subscribers: something changed; numbered per topic, a gap means "ask on control".
struct Hint {
  static constexpr Kind kKind = Kind::hint;
  std::uint64_t epoch = 0;
  std::uint64_t number = 0;
  std::string event;  // "subscribed", "engine_joined", ...: PROTOCOL 4
  EngineId engine;
  Uuid uuid;
  std::uint32_t incarnation = 0;
  friend bool operator==(const Hint&, const Hint&) = default;

  template <class Self, class V>
  static void fields(Self& m, V&& v) {
    v("epoch", m.epoch), v("number", m.number), v("event", m.event), v("engine", m.engine);
    v("uuid", m.uuid), v("incarnation", m.incarnation);
  }
};

// What a part counts for among what a client has not received: its bytes, and what the message as
// such costs who keeps it.
[[nodiscard]] inline std::size_t cost_of(const Output& part) {
  return part.text.size() + kOutputCost;
}

using MapMessage = std::variant<Hello, Welcome, Refused, Who, Beat, Goodbye, Request, Reply, Stop,
                                Act, Acted, Define, Accepted, Received, Stored, Revoke, Revoked,
                                Lent, Died, Offer, Want, Part, Have, Hint, Output>;

// The kind of a message, after its prefix was checked: malformed when the header is shorter than
// the prefix or does not begin with 'R' 'H'; version when another major speaks.
[[nodiscard]] Result<Kind> kind_of(const Message& message);

// One header frame; never fails.
template <class M>
[[nodiscard]] Message encode(const M& message);

// Any message but a batch. Bounded; never throws. Errors say which key of which kind was wrong.
[[nodiscard]] Result<MapMessage> decode(const Message& message);

// The same when the kind is known already, without the variant.
template <class M>
[[nodiscard]] Result<M> decode_as(const Message& message);

// "beat number=3": the kind and every field that is not at its default, for logs and tests.
template <class M>
[[nodiscard]] std::string describe(const M& message);

}  // namespace roundhouse::wire
