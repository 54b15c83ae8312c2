#include "hub/large_arguments.hpp"

#include <iterator>
#include <utility>

namespace roundhouse::hub {

void LargeArguments::add(std::int64_t key, Payload payload) {
  erase(key);
  if (payload.size() > bytes_max_) return;
  payload.stand_alone();
  bytes_ += payload.inline_size();
  Shared& shared = frames_[payload.frames.get()];
  if (shared.users++ == 0) {
    shared.bytes = payload.size() - payload.inline_size();
    bytes_ += shared.bytes;
  }
  entries_.push_back({key, std::move(payload)});
  by_key_.emplace(key, std::prev(entries_.end()));
  while (bytes_ > bytes_max_) erase(entries_.front().key);
}

const Payload* LargeArguments::find(std::int64_t key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  entries_.splice(entries_.end(), entries_, found->second);
  return &found->second->payload;
}

void LargeArguments::erase(std::int64_t key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  const Payload& payload = found->second->payload;
  bytes_ -= payload.inline_size();
  const auto shared = frames_.find(payload.frames.get());
  if (--shared->second.users == 0) {
    bytes_ -= shared->second.bytes;
    frames_.erase(shared);
  }
  entries_.erase(found->second);
  by_key_.erase(found);
}

void LargeArguments::clear() {
  by_key_.clear();
  entries_.clear();
  frames_.clear();
  bytes_ = 0;
}

}  // namespace roundhouse::hub
