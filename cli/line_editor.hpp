// OS. A line that is typed at a terminal, edited meanwhile: by libedit, with the keys that a user's
// ~/.editrc gives it. Text that is pasted comes line by line, and pasting() says that more follows.
//
//   LineEditor editor(interrupt, {.complete = names});
//   editor.remember("int n = 5;");                       // for arrow-up
//   const auto line = editor.read([] { return "> "; });
//
// One at a time, by the main thread. say() by any thread. While nobody reads, the terminal is as it
// was.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/interrupt.hpp"
#include "shared/mailbox.hpp"

struct editline;
struct history;

namespace roundhouse::cli {

// What may stand in the place of `replaces` bytes before the cursor.
struct Offer {
  std::size_t replaces = 0;
  std::vector<std::string> words{};  // whole ones, sorted
};

class LineEditor {
 public:
  struct Options {
    // `before` is the line up to the cursor.
    std::function<Offer(std::string_view before)> complete = nullptr;
    int remembered_max = 1000;  // lines for arrow-up
  };

  enum class End {
    line,     // Enter
    dropped,  // Ctrl-C
    over,     // Ctrl-D on an empty line, SIGTERM, SIGHUP, or nothing more to read
  };

  struct Line {
    End end = End::line;
    std::string text{};
  };

  // Reads standard input and writes to standard output. Throws Exception (io_failed) when the
  // terminal cannot be set up.
  LineEditor(Interrupt& interrupt, Options options);
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;
  ~LineEditor();

  // The prompt is asked for again whenever the line is drawn anew. SIGINT is taken from the
  // Interrupt, the others are left there.
  [[nodiscard]] Line read(std::function<std::string()> prompt);

  // Whether what was read last is part of a paste that is not over.
  [[nodiscard]] bool pasting() const { return pasting_; }

  // For arrow-up and Ctrl-R: the newest last. May have several lines.
  void remember(const std::string& text);

  // A line above the one that is typed, or before the next one that is.
  void say(const std::string& line);

 private:
  struct Callbacks;  // of libedit

  // 1, and the next character; -1: there is none, for a signal came, or the input has ended.
  int next_character(wchar_t& out);
  // The next byte, or nothing for these reasons.
  std::optional<char> next_byte();
  // The character that begins with it.
  std::optional<wchar_t> decoded(char first);
  // The next one of a paste, as if it had been typed; nothing at its end.
  std::optional<wchar_t> pasted(char first);
  void on_wake();
  // Whether anything was said.
  bool show_said();
  unsigned char complete();
  void list(const std::vector<std::string>& words);

  struct Closer {
    void operator()(editline* editor) const;
    void operator()(struct ::history* lines) const;
  };

  Interrupt& interrupt_;
  const Options options_;
  std::unique_ptr<struct ::history, Closer> history_;
  std::unique_ptr<editline, Closer> editor_;
  std::function<std::string()> prompt_;
  std::string prompt_text_;
  std::string bytes_;     // that were read and not used
  std::wstring pending_;  // to be given out first
  bool pasting_ = false;
  bool pasted_line_is_empty_ = true;
  bool ended_ = false;
  bool reading_ = false;  // the terminal is ours
  WakeFd wake_;
  std::mutex mutex_;
  std::vector<std::string> said_;
};

}  // namespace roundhouse::cli
