// Whether C++ text that is being typed is whole, or what it still lacks: brackets, strings and
// comments, preprocessor lines, and heads of statements without a body. No compiler: what makes no
// sense counts as whole, since whoever compiles it has better words for that. Pure.
//
//   open_part("int f(int x) {")     -> Open::bracket: more lines may follow
//   open_part("f(2)")               -> Open::nothing
//
// Thread rule: plain functions.
#pragma once

#include <string_view>

namespace roundhouse::cli {

enum class Open {
  nothing,
  bracket,
  text,         // a raw string
  comment,      // with /*
  line,         // it ends with a backslash
  conditional,  // an #if without its #endif
  statement,    // it ends with an operator, or where a body is to follow
};

// Of names, numbers and keywords; all of what is not ASCII.
[[nodiscard]] bool is_word_character(char c);

// An ordinary string without its end is no open part: no further line can close it.
[[nodiscard]] Open open_part(std::string_view text);

}  // namespace roundhouse::cli
