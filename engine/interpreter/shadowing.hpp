#pragma once

// SHELL. Shadowing: how a name can be declared anew.
//
// C++ knows no second `int n`. So the older declaration is taken out of the tables that names are
// looked up in: what was compiled with it keeps it, what comes later cannot see it. The newer one
// is a stranger to it and gets another linker symbol, by an ABI tag, as do all functions and
// templates that its name is a part of. Names that are declared once keep their usual symbols.
// Thread rule: its compiler's.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace clang {
class ASTContext;
class Decl;
class DeclContext;
class NamedDecl;
class SourceLocation;
class SourceManager;
}  // namespace clang

namespace roundhouse::engine::interpreter {

// Declarations of earlier inputs and of headers. A child that was forked means the same ones by
// these addresses.
using Older = std::vector<clang::NamedDecl*>;

class Shadowing {
 public:
  // The context and the sources outlive it.
  Shadowing(clang::ASTContext& context, const clang::SourceManager& sources)
      : context_(context), sources_(sources) {}

  // `declared`, at namespace scope, is here: it may be declared anew later.
  void remember(clang::Decl& declared);

  // The same of all that was read with what is compiled already, and is in no namespace.
  void remember_headers(clang::DeclContext& scope);

  // The remembered declarations at these places that were there before this input.
  [[nodiscard]] Older at(const std::vector<clang::SourceLocation>& places) const;

  // Of what is at these places, all that a later one of that name, elsewhere, has outdone: what
  // unnamed namespaces declare anew.
  [[nodiscard]] Older outdone_at(const std::vector<clang::SourceLocation>& places) const;

  // Adds the older values of which types that are defined here bear the names. C++ would have both,
  // and the name alone mean the value.
  void find_values(clang::Decl& declared, const std::string& input, Older& out) const;

  // An input begins: from now on these cannot be found, and what bears their names is marked by
  // `tag` ("rh7").
  void hide(const Older& older, const std::string& tag);

  // Marks `declared` and what it holds if it bears a name that was just hidden.
  void mark(clang::Decl& declared);

 private:
  using Name = std::pair<const clang::DeclContext*, std::uintptr_t>;

  // Whether it came with this input, or with what that includes.
  [[nodiscard]] bool is_new(clang::SourceLocation place) const;
  // Whether it is in this file.
  [[nodiscard]] bool is_in(const std::string& input, const clang::NamedDecl& declared) const;
  [[nodiscard]] static Name name_of(const clang::NamedDecl& declared);
  void hide(clang::NamedDecl& older);
  void mark_one(clang::NamedDecl& declared);
  void tag(clang::NamedDecl& declared);

  clang::ASTContext& context_;
  const clang::SourceManager& sources_;
  std::map<unsigned, clang::NamedDecl*> by_place_;  // raw encodings of locations
  std::set<Name> hidden_;                           // since the last input
  std::set<Name> taken_;  // by types from values: the next value of that name is another one, too
  std::string tag_;
  unsigned input_begin_ = 0;  // an offset of the sources
};

}  // namespace roundhouse::engine::interpreter
