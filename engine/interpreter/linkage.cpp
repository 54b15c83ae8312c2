#include "engine/interpreter/linkage.hpp"

#include <clang/AST/ASTContext.h>
#include <clang/AST/Attr.h>
#include <clang/AST/DeclCXX.h>
#include <clang/AST/DeclTemplate.h>
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

// Of a type that has no name, such as a closure's, it stays internal whatever is said. Then all
// modules that have it are to mean the first one's (see Jit), which is right where there is nothing
// to be run for it.
void share_one(clang::VarDecl& variable) {
  if (variable.isExternallyVisible()) return;
  const clang::QualType type = variable.getType();
  if (!type->isDependentType() && !clang::isExternallyVisible(type->getLinkage())) {
    clang::ASTContext& context = variable.getASTContext();
    if (variable.hasConstantInitialization() && !variable.needsDestruction(context))
      variable.addAttr(clang::UsedAttr::CreateImplicit(context));
    return;
  }
  if (variable.getStorageClass() == clang::SC_Static) variable.setStorageClass(clang::SC_None);
  variable.setImplicitlyInline();
  make_visible(variable);
}

void share_one(clang::FunctionDecl& function) {
  if (function.isExternallyVisible()) return;
  if (function.getStorageClass() == clang::SC_Static && !llvm::isa<clang::CXXMethodDecl>(function))
    function.setStorageClass(clang::SC_None);
  function.setImplicitlyInline();
  make_visible(function);
}

void share_all(clang::DeclContext& scope);

// A type of an unnamed namespace.
void share_one(clang::TagDecl& type) {
  if (type.isExternallyVisible()) return;
  make_visible(type);
  if (auto* members = llvm::dyn_cast<clang::CXXRecordDecl>(&type)) share_all(*members);
}

void share_any(clang::Decl& declared) {
  if (auto* space = llvm::dyn_cast<clang::NamespaceDecl>(&declared)) {
    // The name serves nobody, and what is in it is found without it.
    if (space->isAnonymousNamespace())
      space->setDeclName(&space->getASTContext().Idents.get("rh_unnamed"));
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

}  // namespace roundhouse::engine::interpreter
