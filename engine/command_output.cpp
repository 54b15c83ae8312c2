#include "engine/command_output.hpp"

#include <algorithm>

namespace roundhouse::engine {

void CommandOutput::append(std::string_view bytes) {
  total_ += bytes.size();
  const std::size_t first = std::min(head_max_ - head_.size(), bytes.size());
  head_.append(bytes.substr(0, first));
  bytes.remove_prefix(first);
  if (bytes.size() > tail_max_) bytes.remove_prefix(bytes.size() - tail_max_);
  const std::size_t grown = std::min(tail_max_ - tail_.size(), bytes.size());
  tail_.append(bytes.substr(0, grown));
  bytes.remove_prefix(grown);
  while (!bytes.empty()) {
    const std::size_t part = std::min(bytes.size(), tail_max_ - tail_begin_);
    std::copy_n(bytes.data(), part, tail_.data() + tail_begin_);
    tail_begin_ = (tail_begin_ + part) % tail_max_;
    bytes.remove_prefix(part);
  }
}

void CommandOutput::limit(std::size_t max) {
  const std::string kept = head_ + tail();
  if (kept.size() <= max) return;
  head_ = kept.substr(0, max - max / 2);
  tail_ = kept.substr(kept.size() - max / 2);
  tail_begin_ = 0;
}

std::string CommandOutput::text() const {
  return stream().text();
}

std::string CommandOutput::tail() const {
  return tail_.substr(tail_begin_).append(tail_, 0, tail_begin_);
}

}  // namespace roundhouse::engine
