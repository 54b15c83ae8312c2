#pragma once

// SHELL. Diagnostics: what the compiler says about one input, as text for people, and where it saw
// the definitions that the input repeats. Thread rule: its compiler's.

#include <memory>
#include <string>
#include <vector>

#include <clang/Basic/Diagnostic.h>
#include <clang/Frontend/TextDiagnosticPrinter.h>
#include <llvm/Support/raw_ostream.h>

namespace roundhouse::engine::interpreter {

class Diagnostics final : public clang::DiagnosticConsumer {
 public:
  Diagnostics();
  ~Diagnostics() override;

  void BeginSourceFile(const clang::LangOptions& language,
                       const clang::Preprocessor* preprocessor) override;
  void HandleDiagnostic(clang::DiagnosticsEngine::Level level,
                        const clang::Diagnostic& info) override;

  // Of the next input nothing has been said.
  void forget();

  // All of it: errors, warnings and notes with the lines that they are about.
  [[nodiscard]] std::string text() const;

  // "prog.cpp:3:5: use of undeclared identifier 'x'"; empty without an error.
  [[nodiscard]] const std::string& first_error() const { return first_error_; }

  // Where the notes to errors point: "previous definition is here".
  [[nodiscard]] const std::vector<clang::SourceLocation>& noted() const { return noted_; }

  // Where those point that say what an ambiguous name could mean.
  [[nodiscard]] const std::vector<clang::SourceLocation>& candidates() const { return candidates_; }

 private:
  std::string text_;
  llvm::raw_string_ostream stream_{text_};
  std::unique_ptr<clang::TextDiagnosticPrinter> printer_;
  std::string first_error_;
  std::vector<clang::SourceLocation> noted_;
  std::vector<clang::SourceLocation> candidates_;
  bool of_error_ = false;  // what was said last was an error, or a note to one
  bool is_ambiguous_ = false;
};

}  // namespace roundhouse::engine::interpreter
