#include "engine/interpreter/linkage.hpp"

#include <string>

#include <clang/AST/ASTContext.h>
#include <clang/AST/DeclCXX.h>
#include <clang/AST/DeclTemplate.h>
#include <clang/AST/ExprCXX.h>
#include <clang/Basic/Diagnostic.h>
#include <clang/Basic/SourceManager.h>

namespace roundhouse::engine::interpreter {
namespace {

// What the compiler knows already about who sees a declaration; that is for declarations to say.
struct Opened : clang::Decl {
  using clang::Decl::setCachedLinkage;
};

void make_visible(const clang::Decl& declared) {
  (declared.*&Opened::setCachedLinkage)(clang::Linkage::External);
}

// Closures in the initialiser of an inline variable are the variable's, and named after it.
void name_closures(clang::Stmt* part, clang::VarDecl& owner) {
  if (part == nullptr) return;
  auto* closure = llvm::dyn_cast<clang::LambdaExpr>(part);
  if (closure == nullptr) {
    for (clang::Stmt* inner : part->children()) name_closures(inner, owner);
    return;
  }
  clang::CXXRecordDecl& type = *closure->getLambdaClass();
  // With a number that no other input gives: variables are declared anew.
  if (type.getLambdaManglingNumber() == 0)
    type.setLambdaNumbering({&owner, 0, closure->getBeginLoc().getRawEncoding(), 0, false});
  make_visible(type);
  for (clang::Expr* inner : closure->capture_inits()) name_closures(inner, owner);
}

// What nobody else can name remains in the declared type of the variable: each input would have an
// object of its own.
void refuse(const clang::VarDecl& variable) {
  clang::DiagnosticsEngine& diagnostics = variable.getASTContext().getDiagnostics();
  diagnostics.Report(
      variable.getLocation(),
      diagnostics.getCustomDiagID(clang::DiagnosticsEngine::Error,
                                  "%0 cannot last: give the lambda in its type a name first "
                                  "(auto f = []...), and say decltype(f)"))
      << &variable;
}

void share_one(clang::VarDecl& variable) {
  if (variable.isExternallyVisible()) return;
  if (variable.getStorageClass() == clang::SC_Static) variable.setStorageClass(clang::SC_None);
  variable.setImplicitlyInline();
  name_closures(variable.getInit(), variable);
  make_visible(variable);
  const clang::QualType type = variable.getType();
  if (!type->isDependentType() && !type.isConstQualified() &&
      !clang::isExternallyVisible(variable.getLinkageAndVisibility().getLinkage()))
    refuse(variable);
}

void make_inline(clang::FunctionDecl& function) {
  if (function.getStorageClass() == clang::SC_Static && !llvm::isa<clang::CXXMethodDecl>(function))
    function.setStorageClass(clang::SC_None);
  function.setImplicitlyInline();
  make_visible(function);
}

void share_one(clang::FunctionDecl& function) {
  if (!function.isExternallyVisible()) make_inline(function);
}

void share_all(clang::DeclContext& scope);

// A type of an unnamed namespace, or without a name itself.
void share_one(clang::TagDecl& type) {
  if (type.isExternallyVisible()) return;
  if (!type.hasNameForLinkage()) {
    clang::ASTContext& context = type.getASTContext();
    const clang::SourceLocation place = type.getLocation();
    const std::string name = "rh_type_" + std::to_string(place.getRawEncoding());
    type.setTypedefNameForAnonDecl(clang::TypedefDecl::Create(
        context, type.getDeclContext(), place, place, &context.Idents.get(name),
        context.getTrivialTypeSourceInfo(context.getTypeDeclType(&type))));
  }
  make_visible(type);
  if (auto* members = llvm::dyn_cast<clang::CXXRecordDecl>(&type)) share_all(*members);
}

void share_any(clang::Decl& declared) {
  if (auto* space = llvm::dyn_cast<clang::NamespaceDecl>(&declared)) {
    // The name serves nobody, and what is in it is found without it. Each input has its own.
    if (space->isAnonymousNamespace()) {
      const unsigned place = space->getFirstDecl()->getLocation().getRawEncoding();
      space->setDeclName(&space->getASTContext().Idents.get("rh_unnamed_" + std::to_string(place)));
    }
    make_visible(*space);
    share_all(*space);
  } else if (auto* variable = llvm::dyn_cast<clang::VarDecl>(&declared)) {
    share_one(*variable);
  } else if (auto* function = llvm::dyn_cast<clang::FunctionDecl>(&declared)) {
    share_one(*function);
  } else if (auto* type = llvm::dyn_cast<clang::TagDecl>(&declared)) {
    share_one(*type);
  } else if (auto* shape = llvm::dyn_cast<clang::TemplateDecl>(&declared)) {
    if (shape->getTemplatedDecl() != nullptr) share_any(*shape->getTemplatedDecl());
    make_visible(*shape);
  } else if (auto* block = llvm::dyn_cast<clang::LinkageSpecDecl>(&declared)) {
    share_all(*block);
  }
}

void share_all(clang::DeclContext& scope) {
  for (clang::Decl* inner : scope.decls()) share_any(*inner);
}

}  // namespace

void share(clang::Decl& declared, const clang::SourceManager& sources) {
  if (!sources.isInSystemHeader(declared.getLocation())) share_any(declared);
}

void share_types_of(clang::FunctionDecl& function) {
  if (function.isInlined() || function.isTemplated() ||
      function.getDeclaredReturnType()->getContainedAutoType() == nullptr)
    return;
  make_inline(function);
}

}  // namespace roundhouse::engine::interpreter
