#pragma once

// SHELL. Verdict: what a child that tried an input out has to say about it. A plain value.

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/interpreter/shadowing.hpp"

namespace roundhouse::engine::interpreter {

struct Verdict {
  enum class Kind : std::uint8_t { fine, repeats, wrong };

  Kind kind = Kind::fine;
  Older repeated;     // what is declared anew, and is to be hidden first
  std::string error;  // the first, in a line
  std::string text;   // all that the compiler says: warnings when fine

  [[nodiscard]] std::string to_bytes() const;
  [[nodiscard]] static Verdict from_bytes(std::string_view bytes);
};

}  // namespace roundhouse::engine::interpreter
