#include "client/core/module_shelf.hpp"

#include <algorithm>
#include <utility>

namespace roundhouse::client {

const ModuleShelf::Entry* ModuleShelf::find(const ContentHash& build) const {
  const auto found = std::ranges::find(
      entries_, build, [](const Entry& entry) -> const auto& { return entry.module.build; });
  return found == entries_.end() ? nullptr : &*found;
}

ModuleShelf::Entry* ModuleShelf::find(const ContentHash& build) {
  const Entry* found = std::as_const(*this).find(build);
  return found == nullptr ? nullptr : &entries_[static_cast<std::size_t>(found - entries_.data())];
}

void ModuleShelf::offer(const Entry& entry, Outbox& out) {
  const ShippedModule& module = entry.module;
  wire::Offer offer;
  offer.build = module.build;
  offer.name = module.name;
  offer.size = module.size;
  offer.everywhere = module.everywhere;
  offer.fresh = entry.fresh;
  out.sends.push_back({wire::Plane::task, wire::encode(offer)});
}

void ModuleShelf::put_last(Entry entry) {
  std::erase_if(entries_,
                [&](const Entry& known) { return known.module.build == entry.module.build; });
  entries_.push_back(std::move(entry));
  ++generation_;
}

void ModuleShelf::ship(ShippedModule module, bool connected, Outbox& out) {
  Entry entry;
  if (const Entry* known = find(module.build)) {
    module.everywhere = module.everywhere || known->module.everywhere;
    entry.tasks = known->tasks;
  }
  entry.module = std::move(module);
  put_last(std::move(entry));
  if (connected) offer(entries_.back(), out);
}

void ModuleShelf::pin(const ContentHash& build, std::vector<std::string> tasks) {
  Entry entry;
  if (const Entry* known = find(build)) entry = *known;  // its own: it has the bytes
  entry.module.build = build;
  if (entry.module.parts.empty()) entry.state = State::kept;
  std::sort(tasks.begin(), tasks.end());
  entry.tasks = std::move(tasks);
  put_last(std::move(entry));
}

void ModuleShelf::on_welcome(Outbox& out) {
  for (Entry& entry : entries_) {
    if (entry.state == State::refused || entry.module.parts.empty()) continue;
    entry.sent = 0;
    offer(entry, out);
  }
}

void ModuleShelf::on_want(const wire::Want& want, Outbox& out) {
  Entry* entry = find(want.build);
  if (entry == nullptr || want.from > entry->module.size) return;
  if (want.from == 0) entry->sent = 0;
  const std::uint64_t until =
      std::min<std::uint64_t>(want.from + wire::kPartWindowBytes, entry->module.size);
  while (entry->sent < until) {
    const Buffer& bytes = entry->module.parts[entry->sent / wire::kPartBytesMax];
    wire::Message message = wire::encode(wire::Part{want.build, entry->sent});
    message.frames.push_back(bytes);
    out.sends.push_back({wire::Plane::task, std::move(message)});
    entry->sent += bytes.size();
  }
}

void ModuleShelf::on_have(const wire::Have& have) {
  Entry* entry = find(have.build);
  if (entry == nullptr) return;
  entry->fresh = false;
  entry->state = have.kept ? State::kept : State::refused;
  entry->loads = have.code.empty() || !entry->tasks.empty();
  if (!have.kept) entry->error = {errc_from_string(have.code).value_or(Errc::refused), have.text};
  if (!have.tasks.empty()) {
    entry->tasks = have.tasks;
    std::sort(entry->tasks.begin(), entry->tasks.end());
  }
  ++generation_;
}

std::optional<ModuleShelf::State> ModuleShelf::state(const ContentHash& build) const {
  const Entry* entry = find(build);
  return entry == nullptr ? std::optional<State>{} : entry->state;
}

Error ModuleShelf::error(const ContentHash& build) const {
  const Entry* entry = find(build);
  return entry == nullptr ? Error{} : entry->error;
}

std::vector<ContentHash> ModuleShelf::builds_for(std::string_view function) const {
  std::vector<ContentHash> out;
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (entry->state == State::refused || !entry->loads) continue;
    const bool is_known = !entry->tasks.empty();
    if (is_known && !std::binary_search(entry->tasks.begin(), entry->tasks.end(), function))
      continue;
    out.push_back(entry->module.build);
    if (is_known || out.size() == wire::kBuildsMax) break;
  }
  return out;
}

}  // namespace roundhouse::client
