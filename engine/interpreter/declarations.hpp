#pragma once

// SHELL. Declarations: what code has declared, as the rest of the engine needs to know it. Types
// are named as typeid names them. Plain values, and functions for a Compiler's thread.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/known_name.hpp"

namespace clang {
class CodeGenerator;
class CompilerInstance;
class Decl;
}  // namespace clang

namespace roundhouse::engine::interpreter {

struct Variable {
  std::string name;
  std::string type;    // what it is, or refers to
  std::string symbol;  // the linker's
  bool is_reference = false;
  bool is_constant = false;
  bool is_defined = true;
  std::size_t size = 0;  // of what it is, or refers to

  friend bool operator==(const Variable&, const Variable&) = default;
};

struct Function {
  std::vector<std::string> parameters;  // without references and const
  std::string result;                   // "v" without one
  bool is_template = false;
  bool is_object = false;          // a variable that can be called
  const void* identity = nullptr;  // another one's when it is declared anew
};

// Everything at global scope among `declared` that has a name: variables, and names alone. `what`
// they are is for people, and empty for what system headers declare.
struct Declared {
  std::vector<Variable> variables;
  std::vector<KnownName> names;
  std::string main;  // the type of the `main` that is defined; empty when none is
};

[[nodiscard]] Declared globals(clang::CompilerInstance& compiler, clang::CodeGenerator& generator,
                               const std::vector<clang::Decl*>& declared);

// Whether a namespace at global scope has this name.
[[nodiscard]] bool is_namespace(clang::CompilerInstance& compiler, std::string_view name);

// The functions of this name, and variables that can be called as one, that can be seen at global
// scope: "twice", "ns::twice".
[[nodiscard]] std::vector<Function> functions_named(clang::CompilerInstance& compiler,
                                                    std::string_view name);

// A function that code has declared and not defined.
struct Undefined {
  std::string name;  // "ns::twice"
  std::string type;  // as typeid names it
};

// The function of this linker symbol; nothing when it is none, or a member.
[[nodiscard]] std::optional<Undefined> function_of(clang::CompilerInstance& compiler,
                                                   clang::CodeGenerator& generator,
                                                   std::string_view symbol);

// "1PB3rh9" is "1P": a type that was declared anew is to others what it was before.
[[nodiscard]] std::string without_tags(std::string_view mangled);

// The same for what people read: "P[abi:rh9]".
[[nodiscard]] std::string without_readable_tags(std::string_view text);

}  // namespace roundhouse::engine::interpreter
