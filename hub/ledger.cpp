#include "hub/ledger.hpp"

#include <algorithm>

namespace roundhouse::hub {
namespace {

constexpr std::size_t kDoneBatchesMin = 256;  // fewer are not worth a sweep

}  // namespace

Ledger::Session& Ledger::session(SessionNumber number) {
  if (last_ != nullptr && last_->number == number) return *last_;
  Session& found = sessions_[number];
  found.number = number;
  last_ = &found;
  return found;
}

Ledger::Session& Ledger::change(SessionNumber number) {
  Session& found = session(number);
  if (!found.changed) {
    found.changed = true;
    changed_.push_back(&found);
  }
  return found;
}

Ledger::Batch* Ledger::find_batch(Session& session, std::uint64_t sequence) {
  auto& batches = session.batches;
  auto after = std::upper_bound(batches.begin(), batches.end(), sequence,
                                [](std::uint64_t s, const Batch& b) { return s < b.first; });
  if (after == batches.begin()) return nullptr;
  Batch& batch = *std::prev(after);
  return sequence <= batch.last ? &batch : nullptr;
}

void Ledger::on_submitted(const Submitted& fact) {
  Session& into = change(fact.session);
  into.accepted = std::max(into.accepted, fact.last);
  Batch batch;
  batch.first = fact.first;
  batch.last = fact.last;
  batch.left = fact.last - fact.first + 1;
  batch.fresh = &fact;
  into.batches.push_back(batch);
}

void Ledger::add_stored(SessionNumber number, const Batch& batch) {
  session(number).batches.push_back(batch);
}

const Ledger::Batch* Ledger::on_ended(const Ended& fact) {
  Session& of = change(fact.session);
  if (fact.delivery > of.deliveries) of.deliveries = fact.delivery;
  if (fact.delivery > of.delivered) {
    of.undelivered.emplace_back(fact.delivery, fact.sequence);
    of.undelivered_from = std::min(of.undelivered_from, fact.sequence);
  }
  Batch* batch = find_batch(of, fact.sequence);
  if (batch == nullptr || batch->left == 0 || --batch->left > 0) return nullptr;
  ++of.done;
  return batch->stored ? batch : nullptr;
}

void Ledger::on_delivered(const Delivered& fact) {
  Session& of = change(fact.session);
  of.delivered = std::max(of.delivered, fact.through);
  of.received_us = fact.at_us;
  of.received = true;
  while (!of.undelivered.empty() && of.undelivered.front().first <= of.delivered)
    of.undelivered.pop_front();
}

bool Ledger::delivered(SessionNumber number, std::uint64_t delivery) const {
  const auto found = sessions_.find(number);
  return found == sessions_.end() || delivery <= found->second.delivered;
}

bool Ledger::pending(SessionNumber number, std::uint64_t sequence) const {
  const auto found = sessions_.find(number);
  if (found == sessions_.end()) return false;
  const auto& batches = found->second.batches;
  auto after = std::upper_bound(batches.begin(), batches.end(), sequence,
                                [](std::uint64_t s, const Batch& b) { return s < b.first; });
  if (after == batches.begin()) return false;
  const Batch& batch = *std::prev(after);
  return sequence <= batch.last && batch.left > 0;
}

bool Ledger::unfinished(SessionNumber number, std::uint64_t first, std::uint64_t last) const {
  const auto found = sessions_.find(number);
  if (found == sessions_.end()) return false;
  if (last > found->second.accepted) return true;
  const auto& batches = found->second.batches;
  auto after = std::upper_bound(batches.begin(), batches.end(), last,
                                [](std::uint64_t s, const Batch& b) { return s < b.first; });
  for (; after != batches.begin() && std::prev(after)->last >= first; --after)
    if (std::prev(after)->left > 0) return true;
  return false;
}

void Ledger::finish_transaction() {
  for (Session* session : changed_) {
    session->changed = session->received = false;
    auto& batches = session->batches;
    while (!batches.empty() && batches.front().left == 0) {
      batches.pop_front();
      --session->done;
    }
    if (session->done > kDoneBatchesMin && session->done > batches.size() / 2) {
      std::erase_if(batches, [](const Batch& batch) { return batch.left == 0; });
      session->done = 0;
    }
  }
  changed_.clear();
}

void Ledger::raise_undelivered_from() {
  for (auto& [number, session] : sessions_) {
    std::uint64_t lowest = session.accepted + 1;
    for (const auto& [delivery, sequence] : session.undelivered)
      lowest = std::min(lowest, sequence);
    session.undelivered_from = std::max(session.undelivered_from, lowest);
  }
}

}  // namespace roundhouse::hub
