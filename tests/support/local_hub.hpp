// A hub for clients inside the test, over mailboxes: it runs tasks itself, in its own thread, as if
// engines had, and can lose connections, forget, hold outcomes back and refuse. Tasks are those
// that the test program registers with RH_TASK, and push and pull.
//
//   LocalHub hub(2);                      // as if two engines were there: 0 and 1
//   Client client = hub.connect();
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "client/client_access.hpp"
#include "shared/clock.hpp"
#include "shared/mailbox.hpp"
#include "shared/net/mailbox_link.hpp"
#include "shared/net/poll.hpp"
#include "shared/pack.hpp"
#include "shared/records.hpp"
#include <roundhouse/client.hpp>
#include <roundhouse/map_call.hpp>
#include <roundhouse/named_values.hpp>
#include <roundhouse/task.hpp>
#include <roundhouse/version.hpp>

namespace roundhouse::test {

// Asks until it is true, for `patience` at most. Returns whether it came true.
inline bool comes_true_within(Duration patience, const std::function<bool()>& what) {
  const TimePoint until = steady_now() + patience;
  while (!what()) {
    if (steady_now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return true;
}

class LocalHub {
 public:
  explicit LocalHub(std::uint32_t engines = 1) : engines_(engines) {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }

  LocalHub(const LocalHub&) = delete;
  LocalHub& operator=(const LocalHub&) = delete;

  ~LocalHub() {
    thread_.request_stop();
    wake_.wake();
  }

  [[nodiscard]] Client connect(ClientOptions options = {}) {
    options.linger = std::chrono::milliseconds{200};
    return detail::ClientAccess::make(options, [this]() -> std::unique_ptr<net::Link> {
      const std::lock_guard lock(mutex_);
      if (absent_) throw ConnectionError("nobody is there");
      return door_.connect();
    });
  }

  // What may happen to it. Any thread.
  void loses_connections() {
    then([this] { disconnect_all(); });
  }

  void goes_away() {
    then([this] {
      absent_ = true;
      disconnect_all();
    });
  }

  void comes_back() {
    then([this] {
      absent_ = false;
      ++epoch_;
    });
  }

  void holds_outcomes(bool hold) {
    then([this, hold] {
      held_ = hold;
      if (!hold) send_outcomes();
    });
  }

  void has_engines(std::uint32_t count) {
    then([this, count] {
      engines_ = count;
      wire::Hint hint;
      hint.epoch = epoch_;
      hint.number = ++hints_;
      hint.event = "engine_changed";  // unknown: whoever hears of it asks for the list
      door_.publish("engines", wire::encode(hint).header);
    });
  }

  // What it says when it is asked this: each answer once, in order, and the last one again and
  // again.
  void answers(const std::string& verb, std::string body) {
    const std::lock_guard lock(mutex_);
    answers_[verb].push_back(std::move(body));
  }

  // The body of the last request of that kind.
  [[nodiscard]] std::string asked(const std::string& verb) const {
    const std::lock_guard lock(mutex_);
    const auto found = asked_.find(verb);
    return found == asked_.end() ? std::string() : found->second;
  }

  // What was submitted and depends on something, as it came.
  [[nodiscard]] std::vector<wire::SubmitRecord> dependents() const {
    const std::lock_guard lock(mutex_);
    return dependents_;
  }

  // The template that was defined last.
  [[nodiscard]] wire::Define last_template() const {
    const std::lock_guard lock(mutex_);
    return templates_.at(last_template_);
  }

  [[nodiscard]] std::uint64_t runs() const {
    const std::lock_guard lock(mutex_);
    return runs_;
  }

  [[nodiscard]] std::uint64_t connections() const {
    const std::lock_guard lock(mutex_);
    return connections_;
  }

 private:
  struct Peer {
    std::optional<wire::Hello> task;
    std::optional<wire::Hello> control;
    bool usable = false;
    std::uint64_t next_outcome = 1;
  };

  // Returns when it has happened.
  void then(std::function<void()> change) {
    std::unique_lock lock(mutex_);
    changes_.push_back(std::move(change));
    wake_.wake();
    happened_.wait(lock, [this] { return changes_.empty(); });
  }

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::vector<net::PollItem> items = door_.poll_items();
      items.push_back(net::PollItem::readable(wake_.fd()));
      net::poll(items, std::chrono::milliseconds{50});
      wake_.clear();
      const std::lock_guard lock(mutex_);
      for (const auto& change : changes_) change();
      changes_.clear();
      happened_.notify_all();
      turn();
    }
  }

  void turn() {
    net::Incoming in;
    while (door_.receive(wire::Plane::control, in) == net::Receipt::message)
      on_message(wire::Plane::control, in);
    while (door_.receive(wire::Plane::task, in) == net::Receipt::message)
      on_message(wire::Plane::task, in);
    while (const auto change = door_.next_subscription())
      if (change->second.topic.starts_with("peer/")) {
        wire::Hint hint;
        hint.event = "subscribed";
        door_.publish(change->second.topic, wire::encode(hint).header);
      }
    while (const auto lost = door_.next_lost()) peers_.erase(*lost);
  }

  void disconnect_all() {
    for (const auto& [id, peer] : peers_) door_.disconnect(id);
    peers_.clear();
  }

  template <class M>
  void send(wire::Plane plane, net::PeerId peer, const M& message) {
    (void)door_.send(plane, peer, wire::encode(message));
  }

  void on_message(wire::Plane plane, const net::Incoming& in) {
    Peer& peer = peers_[in.peer];
    switch (*wire::kind_of(in.message)) {
      case wire::Kind::hello: return on_hello(plane, in, peer);
      case wire::Kind::beat: return send(plane, in.peer, *wire::decode_as<wire::Beat>(in.message));
      case wire::Kind::request: return on_request(in);
      case wire::Kind::define: {
        const auto define = *wire::decode_as<wire::Define>(in.message);
        templates_[define.number] = define;
        last_template_ = define.number;
        return;
      }
      case wire::Kind::submit: return on_submit(in);
      default: return;
    }
  }

  void on_hello(wire::Plane plane, const net::Incoming& in, Peer& peer) {
    (plane == wire::Plane::task ? peer.task : peer.control) =
        *wire::decode_as<wire::Hello>(in.message);
    if (!peer.task || !peer.control || peer.usable) return;
    peer.usable = true;
    ++connections_;
    wire::Welcome welcome;
    welcome.major = kProtocolMajor;
    welcome.epoch = epoch_;
    welcome.accepted = welcome.stored = accepted_;
    welcome.credit_tasks = accepted_ + 1'000'000;
    welcome.credit_bytes = 1U << 30U;
    send(wire::Plane::task, in.peer, welcome);
    send(wire::Plane::control, in.peer, welcome);
    for (auto& [sequence, record] : outcomes_) undelivered_.emplace(sequence, record);
    send_outcomes();
  }

  void on_request(const net::Incoming& in) {
    const auto request = *wire::decode_as<wire::Request>(in.message);
    wire::Reply reply;
    reply.id = request.id;
    wire::Packer p(reply.body.bytes);
    asked_[request.verb] = request.body.bytes;
    if (auto& answers = answers_[request.verb]; !answers.empty()) {
      p.raw(answers.front());
      if (answers.size() > 1) answers.pop_front();
    } else if (request.verb == "engines") {
      p.map(2);
      p.str("number"), p.u64(hints_);
      p.str("engines"), p.array(engines_);
      for (std::uint32_t id = 0; id < engines_; ++id) {
        p.map(3), p.str("id"), p.u64(id), p.str("slots"), p.u64(1);
        p.str("uuid"), p.str(std::string(31, '0') + std::to_string(id % 10));
      }
    } else if (request.verb == "status") {
      p.map(2), p.str("epoch"), p.u64(epoch_), p.str("store"), p.str("ok");
    } else if (request.verb != "silence") {
      reply.code = "invalid";
      reply.text = "this hub does not know '" + request.verb + "'";
    }
    if (request.verb != "silence") send(wire::Plane::control, in.peer, reply);
  }

  void on_submit(const net::Incoming& in) {
    wire::Batch<wire::SubmitRecord> batch;
    if (!wire::decode_batch(in.message, batch)) return;
    for (const wire::SubmitRecord& record : batch.records) {
      if (record.depends.size > 0) dependents_.push_back(record);
      for (std::uint32_t i = 0; i < record.count; ++i) {
        if (record.sequence + i != accepted_ + 1) continue;
        ++accepted_;
        run_task(record, i);
      }
    }
    send_outcomes();
    send(wire::Plane::task, in.peer,
         wire::Accepted{accepted_, accepted_, accepted_ + 1'000'000, std::uint64_t{1} << 40U});
  }

  void run_task(const wire::SubmitRecord& record, std::uint32_t index) {
    ++runs_;
    const wire::Define& define = templates_.at(record.template_number);
    wire::OutcomeRecord out;
    out.sequence = record.sequence + index;
    out.attempt = 1;
    out.engine = record.direct() ? record.engine_of(index)
                                 : EngineId{engines_ == 0 ? 0 : next_engine_++ % engines_};
    out.started_us = 1'700'000'000'000'000;
    out.duration_ns = 1000;
    const Payload payload = record.payload_of(index);
    Reply reply;
    if (out.engine->value >= engines_)
      reply = failure("EngineError", "engine " + std::to_string(out.engine->value) + " has left"),
      out.ending = wire::Ending::engine_lost;
    else
      invoke(define, payload, *out.engine, reply);
    if (!reply.ok) {
      if (out.ending == wire::Ending::ok) out.ending = wire::Ending::error;
      out.payload = Payload::of(
          wire::encode_error({reply.error.name, reply.error.value, reply.error.traceback}));
    } else {
      out.payload = Payload::of(std::move(reply.result.body));
      if (!reply.result.frames.empty())
        out.payload.frames = std::make_shared<const Frames>(std::move(reply.result.frames));
    }
    outcomes_.emplace(out.sequence, out);
    undelivered_.emplace(out.sequence, std::move(out));
  }

  static Reply failure(std::string name, std::string value) {
    Reply reply;
    reply.ok = false;
    reply.error = {std::move(name), std::move(value), ""};
    return reply;
  }

  void invoke(const wire::Define& define, const Payload& payload, EngineId engine, Reply& reply) {
    const std::string body = payload.body();
    std::span<const Buffer> frames;
    if (payload.frames) frames = std::span(*payload.frames).subspan(payload.spill);
    auto& data = data_[engine];
    if (define.function == kPushTask) {
      for (NamedValue& value : decode_named_values(body, frames))
        data[value.name] = std::move(value.packed);
      return encode_no_result(reply.result);
    }
    if (define.function == kPullTask) {
      std::vector<NamedValue> values;
      for (const std::string& name : decode_names(body)) {
        if (!data.contains(name)) {
          reply = failure("NameError", "there is no '" + name + "'");
          return;
        }
        values.push_back({name, data[name]});
      }
      reply.result = encode_named_values(values);
      return;
    }
    const auto [kind, name] = split_kind(define.function);
    const TaskInfo* task = find_task(name);
    if (task == nullptr || task->signature != define.signature) {
      reply = failure("UnknownFunction", std::string(name));
      return;
    }
    task->invoke_as(kind)({body, frames, nullptr, nullptr}, reply);
  }

  void send_outcomes() {
    if (held_) return;
    for (auto& [id, peer] : peers_) {
      if (!peer.usable) continue;
      while (!undelivered_.empty()) {
        wire::BatchWriter<wire::OutcomeRecord> writer;
        while (!undelivered_.empty() && !writer.full()) {
          writer.add(undelivered_.begin()->second);
          undelivered_.erase(undelivered_.begin());
        }
        const std::uint64_t first = peer.next_outcome;
        peer.next_outcome += writer.count();
        (void)door_.send(wire::Plane::task, id, writer.take(first));
      }
    }
  }

  mutable std::mutex mutex_;  // guards everything but the door, which is the thread's
  net::MailboxDoor door_;
  WakeFd wake_;
  std::vector<std::function<void()>> changes_;
  std::condition_variable happened_;
  std::map<net::PeerId, Peer> peers_;
  std::map<std::string, std::deque<std::string>> answers_;
  std::map<std::string, std::string> asked_;
  std::map<std::uint32_t, wire::Define> templates_;
  std::uint32_t last_template_ = 0;
  std::vector<wire::SubmitRecord> dependents_;
  std::map<EngineId, std::map<std::string, PackedValue>> data_;
  std::map<std::uint64_t, wire::OutcomeRecord> outcomes_;
  std::map<std::uint64_t, wire::OutcomeRecord> undelivered_;
  std::uint32_t engines_;
  std::uint32_t next_engine_ = 0;
  std::uint64_t epoch_ = 1;
  std::uint64_t hints_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t runs_ = 0;
  std::uint64_t connections_ = 0;
  bool held_ = false;
  bool absent_ = false;
  std::jthread thread_;  // last: joined before anything it uses is destroyed
};

}  // namespace roundhouse::test
