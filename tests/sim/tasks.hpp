#pragma once

// What the tasks of a simulated world do, told by their bodies, so that whoever looks at a body
// knows what must become of it. Thread rule: plain values.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/time.hpp"
#include <roundhouse/ids.hpp>

namespace roundhouse::sim {

enum class Behaviour : char {
  ok = 'o',
  fails = 'f',   // throws, each time
  flaky = 'y',   // throws the first time
  picky = 'p',   // depends on what half of the engines lack
  nests = 'n',   // submits others, and waits for them
  crashes = 'c'  // kills its process, each time
};

struct Body {
  Behaviour behaviour = Behaviour::ok;
  std::uint32_t microseconds = 0;
  std::uint64_t token = 0;  // differs from task to task

  [[nodiscard]] std::string text() const {
    return std::string(1, static_cast<char>(behaviour)) + ";" + std::to_string(microseconds) + ";" +
           std::to_string(token) + ";";
  }
};

// Reads what text() wrote, behind the "head:" that runs share; nothing when it is anything else.
[[nodiscard]] inline std::optional<Body> parse_body(std::string_view text) {
  if (text.starts_with("head:")) text.remove_prefix(5);
  if (text.size() < 2 || text[1] != ';') return std::nullopt;
  Body out;
  out.behaviour = static_cast<Behaviour>(text[0]);
  std::uint64_t numbers[2] = {0, 0};
  std::size_t at = 2;
  for (std::uint64_t& number : numbers) {
    const std::size_t from = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9')
      number = number * 10 + static_cast<std::uint64_t>(text[at++] - '0');
    if (at == from || at >= text.size() || text[at] != ';') return std::nullopt;
    ++at;
  }
  if (at != text.size()) return std::nullopt;
  out.microseconds = static_cast<std::uint32_t>(numbers[0]);
  out.token = numbers[1];
  return out;
}

// What a task that ends well gives back.
[[nodiscard]] inline std::string result_of(std::string_view body) {
  return "=" + std::string(body);
}

// What a run writes, `size` bytes from `offset` on: without an end, and each run something else.
[[nodiscard]] inline std::string written_by(TaskId task, Fence fence, std::uint64_t offset,
                                            std::size_t size) {
  const std::string line = std::to_string(task.session.value) + "/" +
                           std::to_string(task.sequence) + " " + std::to_string(fence.epoch) + "." +
                           std::to_string(fence.attempt) + "\n";
  std::string out;
  while (out.size() < size) out += line[(offset + out.size()) % line.size()];
  return out;
}

}  // namespace roundhouse::sim
