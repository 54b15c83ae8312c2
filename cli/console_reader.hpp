// ConsoleReader: the inputs of a console, one whole input after the other: typed at a terminal,
// edited, and remembered; or read from a pipe or file, as they are.
//
// Thread rule: next() by the main thread, say() by any.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/history_file.hpp"
#include "cli/interrupt.hpp"
#include "cli/line_editor.hpp"
#include "cli/line_reader.hpp"

namespace roundhouse::cli {

class ConsoleReader {
 public:
  using Prompt = std::function<std::string()>;

  struct Options {
    std::function<Offer(std::string_view before)> complete = nullptr;
    std::string history{};  // a file; empty: what is typed is forgotten
  };

  // Standard input. Throws Exception (io_failed).
  ConsoleReader(Interrupt& interrupt, Options options);

  // Whether somebody types.
  [[nodiscard]] bool is_typed() const { return editor_ != nullptr; }

  // The next input that is not blank; nothing when there are no more, or a signal ends it all.
  [[nodiscard]] std::optional<std::string> next(const Prompt& prompt);

  // What was typed before, here and at other consoles, the newest last.
  [[nodiscard]] const std::vector<std::string>& inputs() const { return inputs_; }

  // Tells whoever types, above the line; nobody, where nobody does.
  void say(const std::string& line);

 private:
  std::optional<std::string> typed(const Prompt& prompt);
  std::optional<std::string> read();

  const Interrupt& interrupt_;
  HistoryFile history_;
  std::vector<std::string> inputs_;
  std::unique_ptr<LineEditor> editor_;  // null: nobody types
  LineReader lines_;
};

// Whether it is whole: what the console itself is told (%run FILE) always is.
[[nodiscard]] bool is_whole(std::string_view input);

}  // namespace roundhouse::cli
