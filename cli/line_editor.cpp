#include "cli/line_editor.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <iostream>
#include <utility>

#include <histedit.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shared/printable.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::cli {

namespace {

constexpr std::size_t kListedMax = 200;                   // more words than that nobody reads
constexpr std::string_view kPasteBegins = "\x1b[?2004h";  // terminals are to say where pastes are
constexpr std::string_view kPasteEnds = "\x1b[?2004l";
constexpr std::string_view kPasteOver = "[201~";  // behind an escape
constexpr wchar_t kQuote = L'\x16';               // Ctrl-V: the next one as it is

// What a handler of SIGWINCH or SIGCONT may touch.
std::atomic<const WakeFd*> editor_waker{nullptr};
std::atomic<bool> continued{false};
std::atomic<bool> resized{false};

void on_signal(int signal) {
  const int error = errno;
  (signal == SIGCONT ? continued : resized).store(true);
  if (const WakeFd* const wake = editor_waker.load()) wake->wake();
  errno = error;
}

void handle(void (*handler)(int)) {
  struct sigaction action {};

  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGWINCH, SIGCONT}) sigaction(signal, &action, nullptr);
}

bool is_dumb() {
  const char* terminal = std::getenv("TERM");
  return terminal == nullptr || std::string_view(terminal) == "dumb";
}

void write_out(std::string_view text) {
  std::cout << text << std::flush;
}

// Characters of any language, also where the environment names none.
void choose_characters() {
  const char* chosen = std::setlocale(LC_CTYPE, "");
  if (chosen == nullptr || MB_CUR_MAX == 1) std::setlocale(LC_CTYPE, "C.UTF-8");
}

std::size_t columns() {
  winsize size{};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

std::string common_start(const std::vector<std::string>& words) {
  std::string out = words.front();
  for (const std::string& word : words) {
    const auto apart = std::ranges::mismatch(out, word);
    out.erase(apart.in1, out.end());
  }
  return out;
}

}  // namespace

// Called by libedit on the thread that reads.
struct LineEditor::Callbacks {
  static LineEditor& of(EditLine* editor) {
    void* self = nullptr;
    el_get(editor, EL_CLIENTDATA, &self);
    return *static_cast<LineEditor*>(self);
  }

  static int character(EditLine* editor, wchar_t* out) { return of(editor).next_character(*out); }

  static char* prompt(EditLine* editor) {
    LineEditor& self = of(editor);
    self.prompt_text_ = self.prompt_();
    return self.prompt_text_.data();
  }

  static unsigned char complete(EditLine* editor, wint_t /*key*/) { return of(editor).complete(); }

  static unsigned char paste(EditLine* editor, wint_t /*key*/) {
    LineEditor& self = of(editor);
    self.pasting_ = true;
    self.pasted_line_is_empty_ = false;  // of what is there already nothing is known
    return CC_NORM;
  }
};

void LineEditor::Closer::operator()(editline* editor) const {
  el_end(editor);
}

void LineEditor::Closer::operator()(struct ::history* lines) const {
  history_end(lines);
}

LineEditor::LineEditor(Interrupt& interrupt, Options options)
    : interrupt_(interrupt), options_(std::move(options)) {
  choose_characters();
  history_.reset(history_init());
  editor_.reset(el_init("roundhouse", stdin, stdout, stderr));
  if (history_ == nullptr || editor_ == nullptr)
    raise({Errc::io_failed, "the terminal cannot be set up for editing"});
  HistEvent event{};
  ::history(history_.get(), &event, H_SETSIZE, options_.remembered_max);
  ::history(history_.get(), &event, H_SETUNIQUE, 1);
  EditLine* const editor = editor_.get();
  el_set(editor, EL_CLIENTDATA, this);
  el_set(editor, EL_EDITOR, "emacs");
  el_set(editor, EL_SIGNAL, 0);
  el_set(editor, EL_GETCFN, &Callbacks::character);
  el_set(editor, EL_PROMPT, &Callbacks::prompt);
  el_set(editor, EL_HIST, &::history, history_.get());
  // el_set() would make wide copies of these texts, and never free them.
  el_wset(editor, EL_ADDFN, L"rh-complete", L"Completes a name", &Callbacks::complete);
  el_wset(editor, EL_ADDFN, L"rh-paste", L"Takes what is pasted", &Callbacks::paste);
  constexpr std::array<std::pair<const char*, const char*>, 9> kKeys{
      {{"^I", "rh-complete"},
       {"^R", "em-inc-search-prev"},
       {"^W", "ed-delete-prev-word"},
       {"\\e[1;5C", "em-next-word"},
       {"\\e[1;5D", "ed-prev-word"},
       {"\\e[3~", "ed-delete-next-char"},
       {"\\e[1~", "ed-move-to-beg"},
       {"\\e[4~", "ed-move-to-end"},
       {"\\e[200~", "rh-paste"}}};
  for (const auto& [key, does] : kKeys) el_set(editor, EL_BIND, key, does, nullptr);
  el_source(editor, nullptr);  // what the user wants goes last
  editor_waker.store(&wake_);
  handle(&on_signal);
}

LineEditor::~LineEditor() {
  handle(SIG_DFL);
  editor_waker.store(nullptr);
}

LineEditor::Line LineEditor::read(std::function<std::string()> prompt) {
  prompt_ = std::move(prompt);
  pasted_line_is_empty_ = true;
  (void)show_said();
  if (ended_) return {End::over, {}};
  if (!is_dumb()) write_out(kPasteBegins);
  int count = 0;
  reading_ = true;
  // el_gets() shows the prompt first: a Ctrl-D that is typed at the sight of it would be lost.
  el_set(editor_.get(), EL_PREP_TERM, 1);
  const char* const text = el_gets(editor_.get(), &count);
  reading_ = false;
  if (!is_dumb()) write_out(kPasteEnds);
  if (text != nullptr && count > 0) {
    std::string line(text, static_cast<std::size_t>(count));
    if (line.ends_with('\n')) line.pop_back();
    return {End::line, std::move(line)};
  }
  pasting_ = false;
  pending_.clear();
  write_out("\n");
  if (interrupt_.signal() != SIGINT) return {End::over, {}};
  (void)interrupt_.take();
  bytes_.clear();
  return {End::dropped, {}};
}

int LineEditor::next_character(wchar_t& out) {
  while (true) {
    if (!pending_.empty()) {
      out = pending_.front();
      pending_.erase(0, 1);
      return 1;
    }
    const std::optional<char> first = next_byte();
    if (!first) return -1;
    const std::optional<wchar_t> character = pasting_ ? pasted(*first) : decoded(*first);
    if (!character) continue;
    out = *character;
    return 1;
  }
}

std::optional<wchar_t> LineEditor::decoded(char first) {
  std::mbstate_t state{};
  wchar_t out = 0;
  std::optional<char> byte = first;
  while (byte) {
    const std::size_t used = std::mbrtowc(&out, &*byte, 1, &state);
    if (used == static_cast<std::size_t>(-1)) return std::nullopt;  // no character: left out
    if (used != static_cast<std::size_t>(-2)) return out;
    byte = next_byte();
  }
  return std::nullopt;
}

// Keys in a paste are none: a tab completes nothing, and what is no character is left out.
std::optional<wchar_t> LineEditor::pasted(char first) {
  if (first == '\x1b') {
    std::string sequence;
    while (kPasteOver.starts_with(sequence) && sequence.size() < kPasteOver.size()) {
      const std::optional<char> next = next_byte();
      if (!next) return std::nullopt;
      sequence += *next;
    }
    if (sequence != kPasteOver) return std::nullopt;
    pasting_ = false;
    // Nobody has to press a key behind what ended with a line.
    return pasted_line_is_empty_ ? std::optional(L'\n') : std::nullopt;
  }
  const bool ends = first == '\r' || first == '\n';
  if (ends) return L'\n';
  if (first == '\t') pending_ = L'\t';
  if (first == '\t') return kQuote;
  if (static_cast<unsigned char>(first) < 0x20U || first == '\x7f') return std::nullopt;
  pasted_line_is_empty_ = false;
  return decoded(first);
}

std::optional<char> LineEditor::next_byte() {
  while (bytes_.empty()) {
    const int signal = interrupt_.signal();
    if (signal != 0) return std::nullopt;
    std::array<pollfd, 3> ready{
        {{STDIN_FILENO, POLLIN, 0}, {interrupt_.fd(), POLLIN, 0}, {wake_.fd(), POLLIN, 0}}};
    if (::poll(ready.data(), ready.size(), -1) < 0) continue;
    if (ready[2].revents != 0) on_wake();
    if (ready[1].revents != 0 || ready[0].revents == 0) continue;
    std::array<char, 4096> more{};
    const ssize_t count = ::read(STDIN_FILENO, more.data(), more.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count <= 0) {
      ended_ = true;
      return std::nullopt;
    }
    bytes_.assign(more.data(), static_cast<std::size_t>(count));
  }
  const char out = bytes_.front();
  bytes_.erase(0, 1);
  return out;
}

void LineEditor::on_wake() {
  (void)wake_.clear();
  if (!reading_) return;
  if (continued.exchange(false)) {  // it was stopped, and somebody else had the terminal
    el_set(editor_.get(), EL_PREP_TERM, 1);
    el_set(editor_.get(), EL_REFRESH);
  }
  if (resized.exchange(false)) el_resize(editor_.get());
  if (show_said()) el_set(editor_.get(), EL_REFRESH);
}

void LineEditor::say(const std::string& line) {
  const std::lock_guard lock(mutex_);
  said_.push_back(line);
  wake_.wake();
}

bool LineEditor::show_said() {
  std::vector<std::string> said;
  {
    const std::lock_guard lock(mutex_);
    said.swap(said_);
  }
  if (said.empty()) return false;
  std::string text = !reading_ ? "" : is_dumb() ? "\n" : "\r\x1b[K";
  for (const std::string& line : said) text += printable(line) + '\n';
  write_out(text);
  return true;
}

void LineEditor::remember(const std::string& text) {
  HistEvent event{};
  if (!text.empty()) ::history(history_.get(), &event, H_ENTER, text.c_str());
}

unsigned char LineEditor::complete() {
  const LineInfo* const line = el_line(editor_.get());
  const std::string before(line->buffer, line->cursor);
  if (before.find_first_not_of(" \t") == std::string::npos)
    return el_insertstr(editor_.get(), "  ") == 0 ? CC_REFRESH : CC_ERROR;
  const Offer offer = options_.complete ? options_.complete(before) : Offer{};
  if (offer.words.empty()) return CC_ERROR;
  const std::string rest = common_start(offer.words).substr(offer.replaces);
  if (!rest.empty() && el_insertstr(editor_.get(), rest.c_str()) == 0) return CC_REFRESH;
  if (offer.words.size() == 1) return CC_ERROR;
  list(offer.words);
  return CC_REDISPLAY;
}

void LineEditor::list(const std::vector<std::string>& words) {
  const std::size_t count = std::min(words.size(), kListedMax);
  std::size_t width = 0;
  for (std::size_t i = 0; i < count; ++i) width = std::max(width, words[i].size() + 2);
  const std::size_t across = std::max<std::size_t>(columns() / width, 1);
  const std::size_t down = (count + across - 1) / across;
  std::string text = "\n";
  for (std::size_t row = 0; row < down; ++row) {
    for (std::size_t i = row; i < count; i += down) {
      text += printable(words[i]);
      if (i + down < count) text.append(width - std::min(words[i].size(), width), ' ');
    }
    text += '\n';
  }
  if (count < words.size()) text += "and " + std::to_string(words.size() - count) + " more\n";
  write_out(text);
}

}  // namespace roundhouse::cli
