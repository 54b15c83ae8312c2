#pragma once

// SHELL. Compiler: one translation unit that grows by an input at a time. Thread rule: one thread
// at a time.
//
// An input with an error spoils it: which inputs have none is found out in a Trial beforehand.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/interpreter/declarations.hpp"
#include "engine/interpreter/optimize.hpp"
#include "engine/interpreter/shadowing.hpp"
#include "engine/interpreter/source.hpp"

namespace clang {
class CompilerInstance;
class Parser;
}  // namespace clang

namespace llvm {
class LLVMContext;
class Module;
}  // namespace llvm

namespace roundhouse::engine::interpreter {

// Any bytes as code has them in quotes.
[[nodiscard]] std::string literal(std::string_view text);

class Diagnostics;
class Emitter;

class Compiler {
 public:
  // The context outlives it. Throws std::runtime_error when the compiler cannot be set up.
  Compiler(Optimization how, llvm::LLVMContext& context);
  Compiler(const Compiler&) = delete;
  Compiler& operator=(const Compiler&) = delete;
  ~Compiler();

  // Whether it has read what code begins with, see precompiled.hpp; that is the first module then.
  // When it was made of other headers than those that are there now it is not read.
  [[nodiscard]] bool has_preamble() const { return has_preamble_; }

  // Called with where the bracket is in which an input ends. The parser would look for its partner
  // for ever.
  using OnUnfinished = std::function<void(const std::string& where)>;

  // Parses the next input and generates its code, with these declarations out of sight. False
  // after an error, see diagnostics().
  [[nodiscard]] bool parse(const Source& source, const Older& hidden,
                           const OnUnfinished& on_unfinished = nullptr);

  // Of the last input: its code,
  [[nodiscard]] std::unique_ptr<llvm::Module> take_module();
  // what it declared at global scope,
  [[nodiscard]] Declared declared() const;
  // the older declarations that its errors are about,
  [[nodiscard]] Older conflicts() const;

  // and what is to say.
  [[nodiscard]] Diagnostics& diagnostics() { return *diagnostics_; }

  // From now on the value of an input's last expression, if no semicolon follows, goes to
  // roundhouse::interpreted::value().
  void take_values();

  // `text` with what puts the macros aside for it that inputs have defined.
  [[nodiscard]] std::string without_macros(const std::string& text) const;

  // See function_of().
  [[nodiscard]] std::optional<Undefined> undefined(std::string_view symbol) const;

  // See is_namespace().
  [[nodiscard]] bool has_namespace(std::string_view name);

  // See functions_named().
  [[nodiscard]] std::vector<Function> functions(std::string_view name);

 private:
  class Action;

  // `precompiled`: a file, or empty.
  void set_up(Optimization how, llvm::LLVMContext& context, const std::string& precompiled);
  void take_down();
  [[nodiscard]] bool parse_entered();
  [[nodiscard]] bool parse_next();
  [[nodiscard]] std::string path() const;

  std::unique_ptr<Action> action_;
  std::unique_ptr<clang::CompilerInstance> instance_;
  Diagnostics* diagnostics_ = nullptr;  // the instance's
  Emitter* emitter_ = nullptr;          // the instance's
  std::unique_ptr<clang::Parser> parser_;
  bool has_preamble_ = false;
  unsigned inputs_ = 0;
};

}  // namespace roundhouse::engine::interpreter
