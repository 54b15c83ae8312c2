#include "engine/interpreter/diagnostics.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <clang/Basic/DiagnosticOptions.h>
#include <clang/Basic/SourceManager.h>
#include <llvm/ADT/SmallString.h>

namespace roundhouse::engine::interpreter {

namespace {

// Every input is included by a main file of which nobody knows.
constexpr std::string_view kIncluder = "In file included from <<< inputs >>>";

// What comes after an input is there.
constexpr std::string_view kAfter = "<<< inputs >>>:1:1:";

std::string without_after(std::string text) {
  for (std::size_t at = text.find(kAfter); at != std::string::npos; at = text.find(kAfter, at))
    text.replace(at, kAfter.size(), "end of input:");
  return text;
}

std::string place_of(const clang::Diagnostic& info) {
  if (info.getLocation().isInvalid() || !info.hasSourceManager()) return {};
  const clang::PresumedLoc place = info.getSourceManager().getPresumedLoc(info.getLocation());
  if (place.isInvalid()) return {};
  return std::string(place.getFilename()) + ":" + std::to_string(place.getLine()) + ":" +
         std::to_string(place.getColumn()) + ": ";
}

std::string message_of(const clang::Diagnostic& info) {
  llvm::SmallString<256> message;
  info.FormatDiagnostic(message);
  return message.str().str();
}

// Of a note: whether what is declared there was tried and did not fit, or might be meant, rather
// than stands in the way of what is declared now.
bool is_hint(std::string_view note) {
  return note.starts_with("candidate function") || note.starts_with("candidate template") ||
         note.starts_with("passing argument") || note.ends_with("declared here");
}

}  // namespace

Diagnostics::Diagnostics() {
  // Owned by the printer.
  auto options = llvm::makeIntrusiveRefCnt<clang::DiagnosticOptions>();
  options->ShowColors = 0;
  options->ShowPresumedLoc = 1;
  printer_ = std::make_unique<clang::TextDiagnosticPrinter>(stream_, options.get());
}

Diagnostics::~Diagnostics() = default;

void Diagnostics::BeginSourceFile(const clang::LangOptions& language,
                                  const clang::Preprocessor* preprocessor) {
  printer_->BeginSourceFile(language, preprocessor);
}

void Diagnostics::HandleDiagnostic(clang::DiagnosticsEngine::Level level,
                                   const clang::Diagnostic& info) {
  DiagnosticConsumer::HandleDiagnostic(level, info);
  if (level != clang::DiagnosticsEngine::Note) {
    of_error_ = level >= clang::DiagnosticsEngine::Error;
    is_ambiguous_ = of_error_ && message_of(info).ends_with("is ambiguous");
  } else if (is_ambiguous_) {
    candidates_.push_back(info.getLocation());
  } else if (of_error_ && !is_hint(message_of(info))) {
    noted_.push_back(info.getLocation());
  }
  if (level >= clang::DiagnosticsEngine::Error && first_error_.empty())
    first_error_ = without_after(place_of(info)) + message_of(info);
  printer_->HandleDiagnostic(level, info);
}

void Diagnostics::forget() {
  clear();
  stream_.flush();
  text_.clear();
  first_error_.clear();
  noted_.clear();
  candidates_.clear();
  of_error_ = is_ambiguous_ = false;
}

std::string Diagnostics::text() const {
  std::string out;
  std::string_view rest = text_;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size() - 1);
    const std::string_view line = rest.substr(0, end + 1);
    if (!line.starts_with(kIncluder)) out += line;
    rest.remove_prefix(end + 1);
  }
  return without_after(std::move(out));
}

}  // namespace roundhouse::engine::interpreter
