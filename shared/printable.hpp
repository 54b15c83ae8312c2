#pragma once

// CORE. Text from outside, made fit for a terminal. Thread rule: plain functions.

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>

namespace roundhouse {

// `text` with everything that could steer a terminal written out: "\n", "\t", "\x1b", bytes that
// are not UTF-8 as "\xNN", C1 and bidirectional controls as "\uNNNN".
[[nodiscard]] std::string printable(std::string_view text);

// The same, but line feeds and tabs stay: for texts of several lines, such as a traceback.
[[nodiscard]] std::string printable_lines(std::string_view text);

// Writes text of others under a title, "[stdout:0] text", which has a line of its own when the text
// has several; nothing of no text. Its last line is ended; without a title it is as it is.
void show_text(std::ostream& to, const std::string& title, std::string text);

// The bytes of the UTF-8 character that `text` begins with; 1 when it begins with none.
// Precondition: it is not empty.
[[nodiscard]] std::size_t character_bytes(std::string_view text);

}  // namespace roundhouse
