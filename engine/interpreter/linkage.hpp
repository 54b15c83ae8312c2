#pragma once

// CORE. Linkage: all inputs are one program, though each becomes a module of its own. What is
// static in one, const, of an unnamed namespace or type, would be made anew in every module that
// uses it: a variable would have as many values as inputs. It becomes inline instead, before code
// is generated for it. Thread rule: its compiler's.

#include <clang/AST/DeclBase.h>

namespace clang {
class FunctionDecl;
class SourceManager;
}  // namespace clang

namespace roundhouse::engine::interpreter {

// For each declaration at the top level of an input, once it is complete. Those of system headers
// are left alone.
void share(clang::Decl& declared, const clang::SourceManager& sources);

// For each function as its body begins. One whose result has a type that is deduced may return a
// type of its own, and that is seen by those alone who see an inline function.
void share_types_of(clang::FunctionDecl& function);

}  // namespace roundhouse::engine::interpreter
