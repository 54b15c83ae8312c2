#pragma once

// CORE. CommandOutput: what a program printed, however much, in bounded memory: its beginning and
// its end, and how much was between them. Plain value of the thread that reads.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/printed.hpp"

namespace roundhouse::engine {

class CommandOutput {
 public:
  // Keeps `max` bytes: the first half of them from the beginning, the others from the end.
  explicit CommandOutput(std::size_t max) : head_max_(max - max / 2), tail_max_(max / 2) {}

  void append(std::string_view bytes);

  // Keeps no more than `max` of what there is. Nothing is appended after that.
  void limit(std::size_t max);

  // Bytes that are not kept.
  [[nodiscard]] std::uint64_t left_out() const { return total_ - head_.size() - tail_.size(); }

  // What is kept, as it travels.
  [[nodiscard]] wire::PrintedStream stream() const { return {head_, tail(), total_}; }

  [[nodiscard]] std::uint64_t total() const { return total_; }

  // What is kept; where something is left out, a line between beginning and end says how much.
  [[nodiscard]] std::string text() const;

 private:
  // The end, in order.
  [[nodiscard]] std::string tail() const;

  std::size_t head_max_;
  std::size_t tail_max_;
  std::uint64_t total_ = 0;
  std::string head_;
  std::string tail_;            // a ring once it is full
  std::size_t tail_begin_ = 0;  // of its oldest byte
};

}  // namespace roundhouse::engine
