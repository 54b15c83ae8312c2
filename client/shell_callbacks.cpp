// What a Shell has called when something happens, all of it on the dispatcher.
#include <utility>

#include "client/shell.hpp"

namespace roundhouse::detail {
namespace {

[[noreturn]] void refuse_closed() {
  throw ConnectionError(Error{Errc::closed, "this client was closed: it calls nobody any more"});
}

EngineEvent event_of(EngineEvent::Kind kind, const client::EngineEntry& engine) {
  return {kind, static_cast<int>(engine.id.value), to_string(engine.uuid), engine.incarnation};
}

}  // namespace

void Shell::on_done(Slot* head, std::uint64_t first, std::function<void()> call) {
  require_same_process();
  dispatcher_.start();
  {
    const auto guard = lease_.lock();
    if (head != nullptr && head->unfinished > 0 && !session_.failure()) {
      head->watched = true;
      watchers_.emplace(first, std::move(call));
      return;
    }
  }
  if (!dispatcher_.post(std::move(call))) refuse_closed();
}

void Shell::call_watchers(std::uint64_t first) {
  const auto [from, to] = watchers_.equal_range(first);
  // Only a client that is closed refuses, and that has no watchers left.
  for (auto watcher = from; watcher != to; ++watcher)
    (void)dispatcher_.post(std::move(watcher->second));
  watchers_.erase(from, to);
}

void Shell::call_all_watchers() {
  for (auto& [first, call] : watchers_) (void)dispatcher_.post(std::move(call));
  watchers_.clear();
}

void Shell::on_output(Slot* head, std::uint64_t first,
                      std::function<void(const OutputPart&)> call) {
  require_same_process();
  dispatcher_.start();
  const auto hearer =
      std::make_shared<const std::function<void(const OutputPart&)>>(std::move(call));
  const auto guard = lease_.lock();
  require_open();
  for (std::uint32_t i = 0; head != nullptr && i < head->count; ++i) {
    const Slot& slot = this->slot(first + i);
    if (slot.heard) tell_output(hearer, slot, slot.heard->texts());
  }
  if (head != nullptr && head->unfinished > 0) hearers_.emplace(first, hearer);
}

void Shell::tell_output(const OutputHearer& hearer, const Slot& slot,
                        const HeardOutput::Texts& texts) {
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].text.empty()) continue;
    OutputPart part;
    part.index = slot.offset;
    if (slot.heard_on) part.engine = static_cast<int>(slot.heard_on->value);
    part.stream = i == 0 ? OutputStream::out : OutputStream::err;
    part.text = texts[i].text, part.left_out = texts[i].left_out;
    (void)dispatcher_.post([hearer, part = std::move(part)] { (*hearer)(part); });
  }
}

// `first` as handles call it.
void Shell::tell_hearers(std::uint64_t first, const Slot& slot, const HeardOutput::Texts& texts) {
  const auto [from, to] = hearers_.equal_range(first);
  for (auto each = from; each != to; ++each) tell_output(each->second, slot, texts);
}

void Shell::hear(const wire::Output& part) {
  HeardOutput::Texts fresh;
  HeardOutput::Text text = slab_.hear(part);
  if (text.text.empty()) return;
  Slot& slot = slab_.get(part.sequence);
  slot.heard_on = part.engine;
  fresh[part.stream - 1] = std::move(text);
  tell_hearers(part.sequence - slot.offset, slot, fresh);
}

// What comes with an outcome, before it is looked at otherwise. `bit` is that of places, or 0.
void Shell::hear_rest(Slab& slab, const wire::OutcomeRecord& outcome, std::uint64_t bit) {
  Slot* slot = outcome.printed.size == 0 ? nullptr : slab.find(outcome.sequence);
  if (slot == nullptr || slot->done || slab.get(outcome.sequence - slot->offset).abandoned) return;
  slot->heard_on = outcome.engine;
  const HeardOutput::Texts rest =
      detail::hear(*slot).finish(wire::decode_printed(outcome.printed.view()));
  tell_hearers((outcome.sequence - slot->offset) | bit, *slot, rest);
}

std::vector<EngineEvent> engine_events(const Engines& before, const Engines& after,
                                       const Engines& seen) {
  using Kind = EngineEvent::Kind;
  std::vector<EngineEvent> out;
  for (const auto& [id, engine] : before)
    if (!after.contains(id)) out.push_back(event_of(Kind::left, engine));
  for (const auto& [id, engine] : after) {
    const auto here = before.find(id);
    // Between the end of a process and the next the hub may have no such engine.
    const auto known = here != before.end() ? here : seen.find(id);
    const bool is_known = here != before.end() || known != seen.end();
    if (is_known && known->second.incarnation < engine.incarnation)
      out.push_back(event_of(Kind::restarted, engine));
    else if (here == before.end())
      out.push_back(event_of(Kind::joined, engine));
  }
  return out;
}

std::shared_ptr<void> Shell::on_engine(std::function<void(const EngineEvent&)> call) {
  require_same_process();
  dispatcher_.start();
  auto listener = std::make_shared<EngineListener>(std::move(call));
  const auto guard = lease_.lock();
  require_open();
  if (engine_listeners_.empty()) engines_told_ = session_.engines().engines();
  engine_listeners_.push_back(listener);
  return listener;
}

void Shell::tell_engine_changes() {
  std::erase_if(engine_listeners_, [](const auto& listener) { return listener.expired(); });
  if (engine_listeners_.empty()) return;
  const std::vector<EngineEvent> events =
      engine_events(engines_told_, session_.engines().engines(), seen_);
  engines_told_ = session_.engines().engines();
  for (const EngineEvent& event : events) {
    for (const std::weak_ptr<EngineListener>& listener : engine_listeners_) {
      (void)dispatcher_.post([listener, event] {
        if (const auto alive = listener.lock()) (*alive)(event);
      });
    }
  }
}

}  // namespace roundhouse::detail
