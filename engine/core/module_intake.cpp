#include "engine/core/module_intake.hpp"

#include <algorithm>
#include <utility>

#include "shared/check.hpp"

namespace roundhouse::engine {

using wire::Plane;

void ModuleIntake::add(wire::Have have) {
  have.own = true;
  known_[have.build] = std::move(have);
}

void ModuleIntake::on_link() {
  coming_.clear();
}

void ModuleIntake::on_welcome(Outbox& out) const {
  for (const auto& [build, have] : known_) out.send(Plane::task, have);
}

// No other one was asked for while this one was awaited.
void ModuleIntake::on_withdrawn(const ContentHash& build, Outbox& out) {
  const auto found = std::ranges::find_if(
      coming_, [&](const Coming& other) { return other.offer.build == build; });
  if (found == coming_.end()) return;
  const bool was_asked_for = found == coming_.begin();
  coming_.erase(found);
  if (was_asked_for) ask_next(out);
}

void ModuleIntake::on_offer(const wire::Offer& offer, Outbox& out) {
  if (offer.withdrawn) return on_withdrawn(offer.build, out);
  if (const auto known = known_.find(offer.build); known != known_.end()) {
    const bool failed = !known->second.code.empty();
    if (!failed || !allowed_) {
      // It may have been loaded anew by somebody, and is the latest then.
      if (!failed) out.orders.push_back({offer.build, offer.order});
      return out.send(Plane::task, known->second);
    }
    known_.erase(known);  // offered again: tried again
  }
  if (const auto loading = loading_.find(offer.build); loading != loading_.end()) {
    loading->second = offer.order;
    out.orders.push_back({offer.build, offer.order});
    return;
  }
  if (!allowed_)
    return refuse(offer,
                  "this engine loads no modules from clients (shipped_modules is off): start it "
                  "with --module, or without --no-shipped-modules",
                  out);
  if (offer.size == 0 || offer.size > wire::kModuleBytesMax ||
      offer.name.size() > wire::kModuleNameMax ||
      known_.size() + loading_.size() + coming_.size() >= kOffersMax)
    return refuse(offer, "the module is over this engine's limits", out);
  const auto same = std::ranges::find_if(
      coming_, [&](const Coming& other) { return other.offer.build == offer.build; });
  if (same != coming_.end()) {
    same->offer.order = offer.order;
    return;
  }
  coming_.push_back({offer, {}, 0});
  if (coming_.size() == 1) ask_next(out);
}

void ModuleIntake::refuse(const wire::Offer& offer, const std::string& text, Outbox& out) {
  wire::Have have;
  have.build = offer.build, have.name = offer.name, have.size = offer.size;
  have.code = to_string(Errc::refused), have.text = text;
  out.send(Plane::task, have);
  if (known_.size() < kOffersMax) known_[offer.build] = std::move(have);
}

void ModuleIntake::ask_next(Outbox& out) {
  if (!coming_.empty()) out.send(Plane::task, wire::Want{coming_.front().offer.build, 0});
}

bool ModuleIntake::on_part(const wire::Message& message, const wire::Part& part, Outbox& out) {
  if (coming_.empty() || message.frames.size() != 1) return false;
  Coming& coming = coming_.front();
  const std::uint64_t left = coming.offer.size - coming.received;
  const std::uint64_t size = message.frames.front().size();
  if (part.build != coming.offer.build || part.at != coming.received ||
      size != std::min<std::uint64_t>(left, wire::kPartBytesMax))
    return false;
  coming.parts.push_back(message.frames.front());
  coming.received += size;
  if (coming.received < coming.offer.size) {
    if (coming.received % (wire::kPartWindowBytes / 2) == 0)
      out.send(Plane::task, wire::Want{part.build, coming.received});
    return true;
  }
  loading_[part.build] = coming.offer.order;
  out.loads.push_back({part.build, std::move(coming.offer.name), coming.offer.order,
                       coming.offer.size, std::move(coming.parts)});
  coming_.pop_front();
  ask_next(out);
  return true;
}

void ModuleIntake::on_loaded(wire::Have have, bool connected, Outbox& out) {
  RH_CHECK(loading_.erase(have.build) == 1);
  if (connected) out.send(Plane::task, have);
  known_[have.build] = std::move(have);
}

void ModuleIntake::check_invariants() const {
  for (const auto& [build, order] : loading_) RH_CHECK(!known_.contains(build));
  for (const Coming& coming : coming_) {
    RH_CHECK(coming.received < coming.offer.size);
    RH_CHECK(!known_.contains(coming.offer.build) && !loading_.contains(coming.offer.build));
  }
}

}  // namespace roundhouse::engine
