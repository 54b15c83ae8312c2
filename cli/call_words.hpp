// The words of `apply` and `map`: what people write for the arguments of a call.
//
//   add 1 2            JSON, as far as it is JSON: numbers, texts in quotes, lists, objects
//   survey /etc/passwd a word that is no JSON is a text
//   train rate=0.5     members of the struct that is the function's last parameter
//   total @samples     a named value of the engine (rh::ref)
//
// Plain functions, called by the main thread. All throw UsageError for what makes no sense.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/output.hpp"
#include <roundhouse/encoded.hpp>

namespace roundhouse::cli {

// The word as JSON; as a text when it is none.
[[nodiscard]] Json parse_word(std::string_view word);

// Arguments of one call.
[[nodiscard]] Encoded encode_words(const std::vector<std::string>& words);

// Arguments of a map, taken piece by piece: each word is a JSON list, or "-" for lines,
// each of them a word as above. The shortest decides.
class Sequences {
 public:
  // What gives the next line; nothing when there are no more.
  using Lines = std::function<std::optional<std::string>()>;

  Sequences(const std::vector<std::string>& words, Lines lines);

  struct Piece {
    std::size_t first = 0;  // place of its first element, from 0
    std::size_t size = 0;
    Encoded arguments;
  };

  // Up to `size` calls, with at least one; nothing when there are no more. May wait for lines.
  [[nodiscard]] std::optional<Piece> next(std::size_t size);

 private:
  // The next element of a sequence; nothing behind its last one.
  [[nodiscard]] std::optional<Json> take(std::size_t sequence);

  Lines lines_;
  std::vector<std::optional<Json>> lists_;  // nothing: the lines
  std::size_t taken_ = 0;
  bool over_ = false;
};

}  // namespace roundhouse::cli
