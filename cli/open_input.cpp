#include "cli/open_input.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <string>
#include <vector>

namespace roundhouse::cli {

namespace {

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, word) != words.end();
}

// How far the text has been understood. A bracket that is open knows what it was opened for.
class Scan {
 public:
  explicit Scan(std::string_view text) : text_(text) {}

  Open run() {
    while (at_ < text_.size() && open_ == Open::nothing && !broken_) step();
    if (broken_) return Open::nothing;
    if (open_ != Open::nothing) return open_;
    if (!conditionals_.empty()) return Open::conditional;
    if (!brackets_.empty()) return Open::bracket;
    return wants_more() ? Open::statement : Open::nothing;
  }

 private:
  struct Bracket {
    char closes;
    bool heads = false;  // a body is to follow: if (...), int f(...)
  };

  [[nodiscard]] bool is_next(std::string_view what) const {
    return text_.substr(at_).starts_with(what);
  }

  void step() {
    const char c = text_[at_];
    if (c == '\n') {
      ++at_;
      line_begins_ = true;
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f') {
      ++at_;
    } else if (c == '\\') {
      skip_backslash();
    } else if (is_next("//") || is_next("/*")) {
      skip_comment();
    } else if (c == '#' && line_begins_) {
      directive();
    } else {
      line_begins_ = false;
      token(c);
    }
  }

  // A backslash, and what stands behind it: also blanks that were left there.
  void skip_backslash() {
    const std::size_t next = text_.find_first_not_of(" \t\r", at_ + 1);
    if (next == std::string_view::npos) open_ = Open::line;
    at_ = next == std::string_view::npos ? text_.size() : next + (text_[next] == '\n' ? 1 : 0);
    if (next == at_) ++at_;
  }

  void skip_comment() {
    if (is_next("//")) {
      while (at_ < text_.size() && text_[at_] != '\n') at_ += is_next("\\\n") ? 2 : 1;
      return;
    }
    const std::size_t end = text_.find("*/", at_ + 2);
    if (end == std::string_view::npos) open_ = Open::comment;
    at_ = end == std::string_view::npos ? text_.size() : end + 2;
  }

  // Up to the end of its line, which may be several.
  void directive() {
    ++at_;
    const std::size_t name_at = std::min(text_.find_first_not_of(" \t", at_), text_.size());
    std::size_t end = name_at;
    while (end < text_.size() && is_word_character(text_[end])) ++end;
    const std::string_view name = text_.substr(name_at, end - name_at);
    if (name == "if" || name == "ifdef" || name == "ifndef") {
      conditionals_.push_back(brackets_);
    } else if (name == "endif" && !conditionals_.empty()) {
      conditionals_.pop_back();
    } else if (name.starts_with("el") && !conditionals_.empty()) {
      brackets_ = conditionals_.back();  // each branch opens and closes its own
    }
    at_ = end;
    while (at_ < text_.size() && text_[at_] != '\n' && open_ == Open::nothing) {
      if (text_[at_] == '\\')
        skip_backslash();
      else if (is_next("/*") || is_next("//"))
        skip_comment();
      else
        ++at_;
    }
  }

  void token(char c) {
    if (std::isdigit(static_cast<unsigned char>(c)) != 0) return number();
    if (is_word_character(c)) return word();
    if (c == '"' || c == '\'') return quoted(c);
    if (c == '(' || c == '[' || c == '{') return open(c);
    if (c == ')' || c == ']' || c == '}') return close(c);
    const bool twice = (c == '+' || c == '-') && is_next(std::string(2, c));
    learn(text_.substr(at_, twice ? 2 : 1));
  }

  // With its separators, 1'000, and exponents.
  void number() {
    std::size_t end = at_ + 1;
    while (end < text_.size() &&
           (is_word_character(text_[end]) || text_[end] == '.' ||
            (text_[end] == '\'' && end + 1 < text_.size() && is_word_character(text_[end + 1]))))
      ++end;
    learn(text_.substr(at_, end - at_));
  }

  void word() {
    constexpr std::array<std::string_view, 5> kRaw{"R", "u8R", "uR", "UR", "LR"};
    std::size_t end = at_;
    while (end < text_.size() && is_word_character(text_[end])) ++end;
    const std::string_view name = text_.substr(at_, end - at_);
    if (end < text_.size() && text_[end] == '"' && is_one_of(name, kRaw)) {
      at_ = end;
      return raw();
    }
    learn(name);
  }

  void raw() {
    const std::size_t from = text_.find('(', at_);
    if (from == std::string_view::npos || from - at_ > 17) {  // no such delimiter
      broken_ = true;
      return;
    }
    const std::string closing = ")" + std::string(text_.substr(at_ + 1, from - at_ - 1)) + '"';
    const std::size_t end = text_.find(closing, from + 1);
    if (end == std::string_view::npos) open_ = Open::text;
    const std::size_t begin = at_;
    at_ = end == std::string_view::npos ? text_.size() : begin;
    if (open_ == Open::nothing) learn(text_.substr(begin, end + closing.size() - begin));
  }

  // Ends with its line at the latest.
  void quoted(char quote) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n')
      end += text_[end] == '\\' ? 2 : 1;
    if (end > text_.size()) {
      open_ = Open::line;
      at_ = text_.size();
      return;
    }
    const bool closed = end < text_.size() && text_[end] == quote;
    learn(text_.substr(at_, end - at_ + (closed ? 1 : 0)));
  }

  void open(char c) {
    constexpr std::array<std::string_view, 5> kHeads{"if", "for", "while", "switch", "catch"};
    const bool controls = is_one_of(last_, kHeads) || (last_ == "constexpr" && before_ == "if");
    const bool declares = brackets_.empty() && words_only_ && words_ >= 2 && c == '(';
    const char closes = c == '(' ? ')' : c == '[' ? ']' : '}';
    const Bracket bracket{closes, c == '(' && (controls || declares)};
    learn(text_.substr(at_, 1));
    brackets_.push_back(bracket);
  }

  void close(char c) {
    if (brackets_.empty() || brackets_.back().closes != c) {
      broken_ = true;
      return;
    }
    const bool heads = brackets_.back().heads;
    brackets_.pop_back();
    learn(text_.substr(at_, 1));
    headed_ = heads && brackets_.empty();
    if (c == '}' && brackets_.empty()) begin_statement();
  }

  void begin_statement() {
    first_ = {};
    words_ = 0;
    words_only_ = true;
  }

  // A token that stands here.
  void learn(std::string_view token) {
    constexpr std::array<std::string_view, 12> kOfExpressions{
        "return",    "throw",    "new",      "delete", "sizeof", "case",
        "co_return", "co_await", "co_yield", "goto",   "else",   "not"};
    at_ += token.size();
    headed_ = false;
    before_ = last_;
    last_ = token;
    if (!brackets_.empty()) return;
    if (token == ";") return begin_statement();
    if (first_.empty()) first_ = token;
    if (is_word_character(token[0]) && !is_one_of(token, kOfExpressions))
      words_ = before_ == ":" ? words_ : words_ + 1;  // std::string is one
    else if (token != ":")
      words_only_ = false;
  }

  // Of text whose brackets are closed.
  [[nodiscard]] bool wants_more() const {
    constexpr std::array<std::string_view, 3> kWords{"else", "do", "try"};
    constexpr std::array<std::string_view, 7> kDeclares{"struct",    "class",    "union", "enum",
                                                        "namespace", "template", "extern"};
    if (last_.empty()) return false;
    if (headed_ || is_one_of(last_, kWords)) return true;
    if (last_.size() == 1 &&
        std::string_view("+-*/%=,.?:<>|&^!~").find(last_[0]) != std::string_view::npos)
      return true;
    return is_one_of(first_, kDeclares);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool line_begins_ = true;
  bool broken_ = false;
  Open open_ = Open::nothing;  // of what can be nothing but the end
  std::vector<Bracket> brackets_;
  std::vector<std::vector<Bracket>> conditionals_;  // the brackets before each #if
  std::string_view last_;                           // the last tokens
  std::string_view before_;
  bool headed_ = false;     // the last one closed what a body is to follow
  std::string_view first_;  // of the statement, outside all brackets
  std::size_t words_ = 0;   // of it
  bool words_only_ = true;  // it has nothing else so far
};

}  // namespace

bool is_word_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0;
}

Open open_part(std::string_view text) {
  return Scan(text).run();
}

}  // namespace roundhouse::cli
