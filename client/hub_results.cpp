#include "client/hub_results.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "shared/pack.hpp"

namespace roundhouse::detail {
namespace {

wire::Ending ending_of(std::string_view name) {
  constexpr std::array kEndings{wire::Ending::ok, wire::Ending::error, wire::Ending::aborted,
                                wire::Ending::timed_out, wire::Ending::engine_lost};
  for (const wire::Ending ending : kEndings)
    if (wire::to_string(ending) == name) return ending;
  return wire::Ending::error;  // one that a later hub has
}

void put_ids(wire::Packer& p, const std::vector<TaskId>& tasks) {
  p.str("ids"), p.array(tasks.size());
  for (const TaskId task : tasks) p.str(to_string(task));
}

std::vector<TaskId> ids_in(const BodyMap& body, std::string_view name) {
  std::vector<TaskId> out;
  for (const std::string& text : body.texts(name))
    if (const auto id = parse_task_id(text)) out.push_back(*id);
  return out;
}

std::vector<TaskId> take_some(std::deque<TaskId>& from, std::size_t count) {
  const auto end = from.begin() + static_cast<std::ptrdiff_t>(std::min(count, from.size()));
  std::vector<TaskId> out(from.begin(), end);
  from.erase(from.begin(), end);
  return out;
}

}  // namespace

void HubResults::add(std::uint64_t place, TaskId task, std::string_view record) {
  tasks_.emplace(place, task);
  const auto [known, is_new] = wanted_.try_emplace(task);
  known->second.places.push_back(place);
  if (is_new) on_record(task, record);
}

void HubResults::drop(std::uint64_t place) {
  const auto found = tasks_.find(place);
  if (found == tasks_.end()) return;
  const TaskId task = found->second;
  tasks_.erase(found);
  const auto known = wanted_.find(task);
  if (known == wanted_.end()) return;
  std::erase(known->second.places, place);
  if (known->second.places.empty()) end(task);
}

void HubResults::leave_watch(Wanted& wanted) {
  const auto question = questions_.find(std::exchange(wanted.watch, 0));
  if (question != questions_.end() && --question->second.left == 0)
    to_unwatch_.push_back(question->first);
}

void HubResults::end(TaskId task) {
  const auto known = wanted_.find(task);
  if (known->second.watch != 0) leave_watch(known->second);
  for (const std::uint64_t place : known->second.places) tasks_.erase(place);
  wanted_.erase(known);
}

void HubResults::finish(TaskId task, Payload payload) {
  Wanted& wanted = wanted_.at(task);
  wanted.record.payload = std::move(payload);
  for (const std::uint64_t place : wanted.places) {
    wire::OutcomeRecord record = wanted.record;
    record.sequence = place;
    outcomes_.push_back({std::move(record), wanted.engine_uuid});
  }
  end(task);
}

void HubResults::fail(TaskId task, std::string_view name, const std::string& text) {
  const auto known = wanted_.find(task);
  if (known == wanted_.end()) return;
  known->second.record.ending = wire::Ending::error;
  finish(task, Payload::of(wire::encode_error({std::string(name), text, ""})));
}

void HubResults::on_record(TaskId task, std::string_view bytes) {
  const auto known = wanted_.find(task);
  if (known == wanted_.end()) return;
  const BodyMap map(bytes);
  if (!map.has("outcome")) {
    if (known->second.watch == 0) to_watch_.push_back(task);
    return;
  }
  Wanted& wanted = known->second;
  wire::OutcomeRecord& record = wanted.record;
  record.ending = ending_of(map.text("outcome"));
  record.attempt = static_cast<std::uint32_t>(map.number("attempt").value_or(0));
  if (const auto engine = map.number("engine_id"))
    record.engine = EngineId{static_cast<std::uint32_t>(*engine)};
  record.started_us = map.signed_number("started").value_or(0);
  record.duration_ns = map.number("duration_ns").value_or(0);
  wanted.engine_uuid = map.text("engine_uuid");
  if (record.ending != wire::Ending::ok) {
    const BodyMap error(map.find("error"));
    finish(task, Payload::of(wire::encode_error(
                     {error.text("name"), error.text("value"), error.text("traceback")})));
  } else if (map.has("result")) {
    finish(task, Payload::of(map.text("result")));
  } else {
    to_fetch_.push_back(task);
  }
}

void HubResults::on_watch(Question& question, const BodyMap& body) {
  for (const TaskId task : ids_in(body, "ended")) {
    const auto known = wanted_.find(task);
    if (known == wanted_.end() || known->second.watch == 0) continue;  // told before
    known->second.watch = 0;
    --question.left;
    to_look_up_.push_back(task);
  }
  for (const TaskId task : ids_in(body, "unknown")) {
    const auto known = wanted_.find(task);
    if (known == wanted_.end() || known->second.watch == 0) continue;
    known->second.watch = 0;
    --question.left;
    fail(task, "UnknownTask", "the hub lost its memory of this task, and nobody submitted it anew");
  }
}

void HubResults::on_result(const BodyMap& body) {
  for (const std::string_view record : body.list("records")) {
    if (const auto task = parse_task_id(BodyMap(record).text("msg_id"))) on_record(*task, record);
  }
  for (const TaskId task : ids_in(body, "more")) to_look_up_.push_back(task);
  for (const TaskId task : ids_in(body, "missing"))
    fail(task, "UnknownTask", "the hub has no record of this task any more: it was purged");
}

void HubResults::on_payload(TaskId task, const BodyMap& body) {
  const auto known = wanted_.find(task);
  if (known == wanted_.end()) return;
  PayloadParts& parts = known->second.parts;
  if (const auto added = parts.add(body); !added)
    return fail(task, "PayloadLost", added.error().text);
  parts.complete() ? finish(task, parts.take()) : to_fetch_.push_front(task);
}

bool HubResults::on_reply(const wire::Reply& reply) {
  const auto found = questions_.find(reply.id);
  if (found == questions_.end()) return false;
  Question& question = found->second;
  const BodyMap body(reply.body.bytes);
  if (!reply.code.empty()) {
    const bool lost = reply.code == to_string(Errc::payload_lost);
    for (const TaskId task : question.tasks) {
      const auto known = wanted_.find(task);
      if (known != wanted_.end()) known->second.watch = 0;
      fail(task, lost ? "PayloadLost" : "HubError", reply.text);
    }
  } else if (question.verb == Verb::watch) {
    on_watch(question, body);
  } else if (question.verb == Verb::result) {
    on_result(body);
  } else {
    on_payload(question.tasks.front(), body);
  }
  if (reply.more) return true;
  std::erase(to_unwatch_, reply.id);
  questions_.erase(found);
  return true;
}

void HubResults::send(Verb verb, std::vector<TaskId> tasks, client::Session& session,
                      client::Outbox& out) {
  constexpr std::array<const char*, 3> kVerbs{"watch", "result", "payload"};
  wire::Raw body;
  wire::Packer p(body.bytes);
  const bool part = verb == Verb::payload;
  p.map(part ? 2 : 1);
  put_ids(p, tasks);
  if (part) p.str("offset"), p.u64(wanted_.at(tasks.front()).parts.offset());
  const std::uint64_t id = session.request(kVerbs[static_cast<std::size_t>(verb)], std::move(body),
                                           client::Repeat::yes, out);
  if (verb == Verb::watch)
    for (const TaskId task : tasks) wanted_.at(task).watch = id;
  const std::size_t count = tasks.size();
  questions_.emplace(id, Question{verb, std::move(tasks), count});
}

void HubResults::ask(client::Session& session, client::Outbox& out) {
  for (const std::uint64_t watch : std::exchange(to_unwatch_, {})) {
    if (questions_.erase(watch) == 0) continue;
    session.forget_request(watch);
    wire::Raw body;
    wire::Packer p(body.bytes);
    p.map(1), p.str("watch"), p.u64(watch);
    (void)session.request("unwatch", std::move(body), client::Repeat::no, out);
  }
  const auto gone = [this](TaskId task) { return !wanted_.contains(task); };
  std::erase_if(to_watch_, gone);
  std::erase_if(to_look_up_, gone);
  std::erase_if(to_fetch_, gone);
  for (std::size_t at = 0; at < to_watch_.size(); at += kIdsPerQuestion) {
    const auto begin = to_watch_.begin() + static_cast<std::ptrdiff_t>(at);
    const std::size_t count = std::min(kIdsPerQuestion, to_watch_.size() - at);
    send(Verb::watch, {begin, begin + static_cast<std::ptrdiff_t>(count)}, session, out);
  }
  to_watch_.clear();
  auto under_way = static_cast<std::size_t>(std::ranges::count_if(
      questions_, [](const auto& entry) { return entry.second.verb != Verb::watch; }));
  for (; under_way < kQuestionsMax && !to_fetch_.empty(); ++under_way)
    send(Verb::payload, take_some(to_fetch_, 1), session, out);
  for (; under_way < kQuestionsMax && !to_look_up_.empty(); ++under_way)
    send(Verb::result, take_some(to_look_up_, kIdsPerQuestion), session, out);
}

std::vector<HubOutcome> HubResults::take_outcomes() {
  return std::exchange(outcomes_, {});
}

}  // namespace roundhouse::detail
