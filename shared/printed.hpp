#pragma once

// CORE. Printed: what a task wrote to standard output and standard error, in bounded memory: the
// beginning and the end of each, and how much it was. It travels with the outcome, as bytes that
// the hub does not look into. Thread rule: plain values.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace roundhouse::wire {

inline constexpr std::size_t kPrintedBytesMax = 16U << 10U;  // of each stream, with the outcome
inline constexpr std::size_t kLiveBytesMax = 1U << 20U;      // of each stream, while the task runs

struct PrintedStream {
  std::string head;
  std::string tail;         // behind the head, at the end of what was written
  std::uint64_t total = 0;  // bytes that were written

  // Keeps no more than `max` bytes of what is here: the first half of them from the beginning, the
  // others from the end.
  void shorten(std::size_t max);

  // Bytes between head and tail that are not here.
  [[nodiscard]] std::uint64_t left_out() const { return total - head.size() - tail.size(); }

  // For people: where something is left out, a line says how much.
  [[nodiscard]] std::string text() const;

  friend bool operator==(const PrintedStream&, const PrintedStream&) = default;
};

struct Printed {
  PrintedStream out;
  PrintedStream err;

  [[nodiscard]] bool empty() const { return out.total == 0 && err.total == 0; }

  friend bool operator==(const Printed&, const Printed&) = default;
};

// As outcomes carry it: PROTOCOL 3. Of nothing, nothing.
[[nodiscard]] std::string encode_printed(const Printed& printed);
// What cannot be read is as if nothing was written.
[[nodiscard]] Printed decode_printed(std::string_view bytes);

}  // namespace roundhouse::wire
