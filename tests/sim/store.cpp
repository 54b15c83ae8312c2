#include "tests/sim/store.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace roundhouse::sim {

hub::Restored StoreActor::open(Mail mail) {
  mail_ = std::move(mail);
  ++life_;
  through_ = 0;
  failing_ = planned_ = false;
  hub::Restored restored = restore();
  restored.epoch = epoch_++;
  return restored;
}

void StoreActor::append(const std::vector<hub::Fact>& facts) {
  pending_.insert(pending_.end(), facts.begin(), facts.end());
  plan();
}

void StoreActor::plan() {
  if (planned_ || pending_.empty()) return;
  planned_ = true;
  const Duration wait =
      prng_.chance(30) ? Duration{0} : prng_.duration(Duration{0}, options_.commit_max / 2);
  timeline_.after(wait, [this, life = life_] {
    if (life == life_) begin();
  });
}

void StoreActor::begin() {
  if (timeline_.now() < failing_until_) {
    if (!std::exchange(failing_, true)) mail_.failed();
    timeline_.at(failing_until_, [this, life = life_] {
      if (life == life_) begin();
    });
    return;
  }
  if (std::exchange(failing_, false)) mail_.recovered();
  under_way_ = prng_.chance(80) ? pending_.size()
                                : static_cast<std::size_t>(prng_.between(1, pending_.size()));
  const Duration wait = prng_.duration(Duration{0}, options_.commit_max / 2);
  timeline_.after(wait, [this, life = life_] { commit(life); });
}

void StoreActor::commit(std::uint64_t life) {
  if (life != life_) return;
  const std::size_t count = std::exchange(under_way_, 0);
  take(count);
  through_ += count;
  mail_.stored(through_);
  planned_ = false;
  plan();
}

void StoreActor::take(std::size_t count) {
  for (; count > 0; --count) {
    checker_.on_committed(pending_.front());
    committed_.push_back(std::move(pending_.front()));
    pending_.pop_front();
  }
}

void StoreActor::crash() {
  ++life_;
  // The transaction under way may have made it to the disk, its hub never heard of it.
  if (prng_.chance(50)) take(under_way_);
  under_way_ = 0;
  pending_.clear();
  if (options_.router.durability != hub::Durability::none) return;
  std::erase_if(committed_, [](const hub::Fact& fact) {
    return !std::holds_alternative<hub::EngineJoined>(fact) &&
           !std::holds_alternative<hub::EngineLeft>(fact) &&
           !std::holds_alternative<hub::PolicySet>(fact);
  });
  checker_.on_store_lost();
}

Result<Frames> StoreActor::read_module(const ContentHash& build) const {
  for (auto fact = committed_.rbegin(); fact != committed_.rend(); ++fact) {
    const auto* kept = std::get_if<hub::ModuleKept>(&*fact);
    if (kept != nullptr && kept->build == build && !kept->parts.empty()) return kept->parts;
  }
  return Error{Errc::store_failed, "there is no such module"};
}

std::vector<hub::RanOn> StoreActor::places(const hub::PlaceQuestion& question) const {
  std::map<std::pair<hub::SessionNumber, std::uint64_t>, std::optional<EngineId>> found;
  const auto look_at = [&](const hub::Fact& fact) {
    const auto* ended = std::get_if<hub::Ended>(&fact);
    if (ended == nullptr || purged_.contains({ended->session, ended->sequence})) return;
    for (const auto& tasks : question.tasks)
      if (ended->session == tasks.session && tasks.first <= ended->sequence &&
          ended->sequence <= tasks.last)
        found[{ended->session, ended->sequence}] = ended->engine;
  };
  std::ranges::for_each(committed_, look_at);
  std::ranges::for_each(pending_, look_at);
  std::vector<hub::RanOn> out;
  for (const auto& [task, engine] : found) hub::append_place(out, task.first, task.second, engine);
  return out;
}

void StoreActor::purge() {
  const auto look_at = [&](const hub::Fact& fact) {
    if (const auto* ended = std::get_if<hub::Ended>(&fact))
      purged_.insert({ended->session, ended->sequence});
  };
  std::ranges::for_each(committed_, look_at);
  std::ranges::for_each(pending_, look_at);
}

hub::Restored StoreActor::restore() const {
  hub::Restored out;
  std::map<hub::SessionNumber, hub::Restored::Session> sessions;
  std::map<std::uint32_t, hub::Restored::Engine> engines;
  std::map<ContentHash, hub::ModuleKept> modules;
  std::map<std::pair<hub::SessionNumber, std::uint64_t>, hub::Ended> undelivered;
  for (const hub::Fact& fact : committed_) {
    if (const auto* opened = std::get_if<hub::SessionOpened>(&fact)) {
      sessions[opened->number] = {opened->number, opened->id, opened->secret, opened->label};
    } else if (const auto* made = std::get_if<hub::TemplateDefined>(&fact)) {
      out.templates.push_back(*made);
    } else if (const auto* submitted = std::get_if<hub::Submitted>(&fact)) {
      sessions[submitted->session].accepted = submitted->last;
    } else if (const auto* ended = std::get_if<hub::Ended>(&fact)) {
      sessions[ended->session].deliveries = ended->delivery;
      if (ended->ending != wire::Ending::ok)
        sessions[ended->session].failed.push_back({ended->sequence, ended->sequence});
      undelivered[{ended->session, ended->delivery}] = *ended;
    } else if (const auto* delivered = std::get_if<hub::Delivered>(&fact)) {
      auto& through = sessions[delivered->session].delivered;
      through = std::max(through, delivered->through);
    } else if (const auto* joined = std::get_if<hub::EngineJoined>(&fact)) {
      engines[joined->id.value] = {joined->id, joined->uuid, joined->incarnation, joined->slots,
                                   false};
    } else if (const auto* kept = std::get_if<hub::ModuleKept>(&fact)) {
      modules[kept->build] = *kept;
      modules[kept->build].parts.clear();
    } else if (const auto* dropped = std::get_if<hub::ModuleDropped>(&fact)) {
      modules.erase(dropped->build);
    } else if (const auto* set = std::get_if<hub::PolicySet>(&fact)) {
      out.policy = set->policy;
    } else if (const auto* asked = std::get_if<hub::AbortAsked>(&fact)) {
      out.aborts.push_back(*asked);
    } else if (const auto* left = std::get_if<hub::EngineLeft>(&fact)) {
      const auto known = engines.find(left->id.value);
      if (left->gone && known != engines.end()) known->second.gone = true;
    }
  }
  for (const hub::Fact& fact : committed_)
    if (const auto* submitted = std::get_if<hub::Submitted>(&fact)) restore_batch(out, *submitted);
  std::sort(out.pending.begin(), out.pending.end(), [](const auto& a, const auto& b) {
    return std::pair{a.session, a.first} < std::pair{b.session, b.first};
  });
  for (const auto& [key, ended] : undelivered)
    if (ended.delivery > sessions[ended.session].delivered) out.undelivered.push_back(ended);
  for (const auto& [number, session] : sessions) out.sessions.push_back(session);
  for (const auto& [id, engine] : engines) out.engines.push_back(engine);
  for (const auto& [build, module] : modules) out.modules.push_back(module);
  return out;
}

// The message as it came, if any of its tasks is unfinished.
void StoreActor::restore_batch(hub::Restored& out, const hub::Submitted& fact) const {
  std::set<std::uint64_t> over;
  for (const hub::Fact& other : committed_)
    if (const auto* ended = std::get_if<hub::Ended>(&other);
        ended != nullptr && ended->session == fact.session && ended->sequence >= fact.first &&
        ended->sequence <= fact.last)
      over.insert(ended->sequence);
  if (over.size() == fact.last - fact.first + 1) return;
  hub::Restored::Pending pending{fact.session, fact.first, fact.last, fact.batch, fact.at_us, {}};
  if (!options_.keeps_frames) pending.batch.frames.clear();
  for (const std::uint64_t sequence : over) {
    if (!pending.ended.empty() && pending.ended.back().last + 1 == sequence)
      pending.ended.back().last = sequence;
    else
      pending.ended.push_back({sequence, sequence});
  }
  out.pending.push_back(std::move(pending));
}

}  // namespace roundhouse::sim
