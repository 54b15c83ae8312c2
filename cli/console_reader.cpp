#include "cli/console_reader.hpp"

#include <algorithm>
#include <utility>

#include <unistd.h>

#include "cli/open_input.hpp"

namespace roundhouse::cli {

namespace {

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

// Behind the first line, in the same column.
std::string continuation(const std::string& prompt) {
  constexpr std::size_t kMark = 5;
  return std::string(std::max(prompt.size(), kMark) - kMark, ' ') + "...> ";
}

}  // namespace

bool is_whole(std::string_view input) {
  const std::size_t first = input.find_first_not_of(" \t");
  if (first != std::string_view::npos && input[first] == '%') return true;
  return open_part(input) == Open::nothing;
}

ConsoleReader::ConsoleReader(Interrupt& interrupt, Options options)
    : interrupt_(interrupt),
      history_(std::move(options.history)),
      lines_(STDIN_FILENO, interrupt.fd()) {
  if (isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1) return;
  editor_ = std::make_unique<LineEditor>(
      interrupt, LineEditor::Options{.complete = std::move(options.complete),
                                     .remembered_max = HistoryFile::kInputsMax});
  inputs_ = history_.load();
  for (const std::string& input : inputs_) editor_->remember(input);
}

std::optional<std::string> ConsoleReader::next(const Prompt& prompt) {
  return editor_ != nullptr ? typed(prompt) : read();
}

std::optional<std::string> ConsoleReader::typed(const Prompt& prompt) {
  std::string input;
  const Prompt more = [&] { return continuation(prompt()); };
  while (true) {
    const bool pasting = editor_->pasting();
    const LineEditor::Line line = editor_->read(input.empty() ? prompt : more);
    if (line.end == LineEditor::End::over) return std::nullopt;
    const bool paste_ends = pasting && !editor_->pasting() && line.text.empty();
    const bool given_up = !editor_->pasting() && !paste_ends && is_blank(line.text);
    if (line.end == LineEditor::End::dropped || given_up) {
      input.clear();
      continue;
    }
    if (!paste_ends) input += line.text + '\n';
    if (is_blank(input))
      input.clear();
    else if (!editor_->pasting() && is_whole(input))
      break;
  }
  while (input.ends_with('\n')) input.pop_back();
  editor_->remember(input);
  if (inputs_.empty() || inputs_.back() != input) {
    inputs_.push_back(input);
    history_.add(input);
  }
  return input;
}

std::optional<std::string> ConsoleReader::read() {
  std::string input;
  while (const std::optional<std::string> line = lines_.next()) {
    if (interrupt_.signal() != 0) return std::nullopt;  // half a line is none
    input += *line;
    if (is_blank(input)) {
      input.clear();
      continue;
    }
    if (is_whole(input)) return input;
    input += '\n';
  }
  if (input.empty()) return std::nullopt;
  return input;
}

void ConsoleReader::say(const std::string& line) {
  if (editor_ != nullptr) editor_->say(line);
}

}  // namespace roundhouse::cli
