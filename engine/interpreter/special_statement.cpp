#include "engine/interpreter/special_statement.hpp"

#include <clang/AST/ASTContext.h>
#include <clang/AST/Decl.h>
#include <clang/Lex/Preprocessor.h>
#include <clang/Sema/DelayedDiagnostic.h>
#include <clang/Sema/Lookup.h>
#include <clang/Sema/Sema.h>

namespace roundhouse::engine::interpreter {
namespace {

// What the parser does for itself alone. An explicit instantiation may name what is private.
template <auto method>
struct Private {
  friend clang::Parser::DeclGroupPtrTy parse_statement(clang::Parser& parser) {
    return (parser.*method)();
  }
};

clang::Parser::DeclGroupPtrTy parse_statement(clang::Parser& parser);
template struct Private<&clang::Parser::ParseTopLevelStmtDecl>;

// The scope that a name before `::` is of, if it is of one.
clang::DeclContext* scope_of(clang::NamedDecl* named) {
  if (auto* space = llvm::dyn_cast<clang::NamespaceDecl>(named)) return space;
  if (auto* alias = llvm::dyn_cast<clang::NamespaceAliasDecl>(named)) return alias->getNamespace();
  if (auto* record = llvm::dyn_cast<clang::TagDecl>(named)) return record->getDefinition();
  auto* name = llvm::dyn_cast<clang::TypedefNameDecl>(named);
  auto* type = name == nullptr ? nullptr : name->getUnderlyingType()->getAsTagDecl();
  return type == nullptr ? nullptr : type->getDefinition();
}

// What comes next begins with `x`, `::x` or `a::b::x`: that. Null for anything else.
const clang::NamedDecl* first_named(clang::Parser& parser, clang::Sema& sema) {
  clang::Preprocessor& tokens = parser.getPreprocessor();
  clang::Token token = parser.getCurToken();
  clang::DeclContext* scope = nullptr;
  unsigned ahead = 0;
  if (token.is(clang::tok::coloncolon)) {
    scope = sema.getASTContext().getTranslationUnitDecl();
    token = tokens.LookAhead(ahead++);
  }
  while (token.is(clang::tok::identifier)) {
    clang::LookupResult found(sema, token.getIdentifierInfo(), token.getLocation(),
                              clang::Sema::LookupOrdinaryName);
    found.suppressDiagnostics();
    if (scope != nullptr)
      sema.LookupQualifiedName(found, scope);
    else
      sema.LookupName(found, sema.TUScope);
    clang::NamedDecl* named = found.isSingleResult() ? found.getFoundDecl() : nullptr;
    if (named == nullptr) return nullptr;
    named = named->getUnderlyingDecl();
    if (tokens.LookAhead(ahead++).isNot(clang::tok::coloncolon)) return named;
    scope = scope_of(named);
    if (scope == nullptr) return nullptr;
    token = tokens.LookAhead(ahead++);
  }
  return nullptr;
}

bool begins_with_deprecated(clang::Parser& parser, clang::Sema& sema) {
  const clang::NamedDecl* first = first_named(parser, sema);
  if (const auto* of_template = llvm::dyn_cast_or_null<clang::TemplateDecl>(first))
    first = of_template->getTemplatedDecl();
  const auto* named = llvm::dyn_cast_or_null<clang::ValueDecl>(first);
  return named != nullptr && named->getAvailability() != clang::AR_Available;
}

// Parses a statement, and says afterwards what there is to say of the use of names. Clang 19 asks
// the statement where it is to do so, and at its first name nothing but a token is there of it.
clang::Parser::DeclGroupPtrTy parse_before_saying(clang::Parser& parser, clang::Sema& sema) {
  clang::sema::DelayedDiagnosticPool said(nullptr);
  const clang::Sema::ParsingDeclState before = sema.PushParsingDeclaration(said);
  const clang::Parser::DeclGroupPtrTy group = parse_statement(parser);
  clang::Decl* parsed = group && group.get().isSingleDecl() ? group.get().getSingleDecl() : nullptr;
  const auto* statement = llvm::dyn_cast_or_null<clang::TopLevelStmtDecl>(parsed);
  if (statement != nullptr && statement->getStmt() == nullptr) parsed = nullptr;
  sema.PopParsingDeclaration(before, parsed);
  return group;
}

}  // namespace

std::optional<clang::Parser::DeclGroupPtrTy> parse_special_statement(clang::Parser& parser,
                                                                     clang::Sema& sema) {
  // For the parser these begin a method of Objective-C, wherever statements may stand.
  if (parser.getCurToken().isOneOf(clang::tok::minus, clang::tok::plus))
    return parse_statement(parser);
  if (begins_with_deprecated(parser, sema)) return parse_before_saying(parser, sema);
  return std::nullopt;
}

}  // namespace roundhouse::engine::interpreter
