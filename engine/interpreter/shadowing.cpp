#include "engine/interpreter/shadowing.hpp"

#include <algorithm>
#include <iterator>

#include <clang/AST/ASTContext.h>
#include <clang/AST/Attr.h>
#include <clang/AST/DeclCXX.h>
#include <clang/AST/DeclContextInternals.h>
#include <clang/AST/DeclTemplate.h>
#include <clang/Basic/SourceManager.h>

namespace roundhouse::engine::interpreter {

namespace {

// Calls `visit` with everything at namespace scope that `declared` is or holds.
template <class Visit>
void for_each_named(clang::Decl& declared, const Visit& visit) {
  if (auto* named = llvm::dyn_cast<clang::NamedDecl>(&declared)) visit(*named);
  if (llvm::isa<clang::NamespaceDecl, clang::LinkageSpecDecl, clang::ExportDecl>(declared)) {
    for (clang::Decl* inner : llvm::cast<clang::DeclContext>(&declared)->decls())
      for_each_named(*inner, visit);
  } else if (auto* enumeration = llvm::dyn_cast<clang::EnumDecl>(&declared)) {
    if (enumeration->isScoped()) return;
    for (clang::EnumConstantDecl* constant : enumeration->enumerators()) visit(*constant);
  } else if (auto* several = llvm::dyn_cast<clang::DecompositionDecl>(&declared)) {
    for (clang::BindingDecl* binding : several->bindings()) visit(*binding);
  }
}

// Out of the table in which names are looked up in this scope.
void take_out(clang::DeclContext& scope, const clang::NamedDecl& older) {
  (void)scope.lookup(older.getDeclName());  // makes the table, if need be
  clang::StoredDeclsMap* names = scope.getLookupPtr();
  if (names == nullptr) return;
  const auto found = names->find(older.getDeclName());
  if (found == names->end()) return;
  std::vector<clang::NamedDecl*> gone;
  for (clang::NamedDecl* listed : found->second.getLookupResult()) {
    if (listed->getCanonicalDecl() == older.getCanonicalDecl()) gone.push_back(listed);
  }
  // An entry without declarations stays: what is compiled already is not asked again then.
  for (clang::NamedDecl* listed : gone) found->second.remove(listed);
}

}  // namespace

void Shadowing::remember(clang::Decl& declared) {
  for_each_named(declared, [&](clang::NamedDecl& named) {
    // Of what comes with the system only names that no namespace protects: `double log`.
    if (sources_.isInSystemHeader(named.getLocation()) &&
        !named.getDeclContext()->getRedeclContext()->isTranslationUnit())
      return;
    by_place_.emplace(named.getLocation().getRawEncoding(), &named);  // a template before its uses
  });
}

// Namespaces are not looked into: that would read all that is in them.
void Shadowing::remember_headers(clang::DeclContext& scope) {
  for (clang::Decl* declared : scope.decls()) {
    if (auto* block = llvm::dyn_cast<clang::LinkageSpecDecl>(declared))
      remember_headers(*block);
    else if (!llvm::isa<clang::NamespaceDecl>(declared))
      remember(*declared);
  }
}

Older Shadowing::at(const std::vector<clang::SourceLocation>& places) const {
  Older out;
  for (const clang::SourceLocation& place : places) {
    const auto found = by_place_.find(place.getRawEncoding());
    if (found == by_place_.end()) continue;
    if (is_new(found->second->getLocation())) continue;
    auto* older = llvm::cast<clang::NamedDecl>(found->second->getCanonicalDecl());
    if (std::ranges::find(out, older) == out.end()) out.push_back(older);
  }
  return out;
}

Older Shadowing::outdone_at(const std::vector<clang::SourceLocation>& places) const {
  const Older all = at(places);
  Older out;
  std::ranges::copy_if(all, std::back_inserter(out), [&](const clang::NamedDecl* one) {
    return std::ranges::any_of(all, [&](const clang::NamedDecl* other) {
      return other->getDeclName() == one->getDeclName() &&
             name_of(*other).first != name_of(*one).first &&
             sources_.isBeforeInSLocAddrSpace(one->getLocation(), other->getLocation());
    });
  });
  return out;
}

void Shadowing::find_values(clang::Decl& declared, const std::string& input, Older& out) const {
  for_each_named(declared, [&](clang::NamedDecl& named) {
    const auto* type = llvm::dyn_cast<clang::TagDecl>(&named);
    if (type == nullptr || llvm::isa<clang::ClassTemplateSpecializationDecl>(type) ||
        !type->isThisDeclarationADefinition() || type->getIdentifier() == nullptr ||
        !is_in(input, *type->getCanonicalDecl()))
      return;
    clang::DeclContext* scope = named.getDeclContext()->getRedeclContext();
    for (clang::NamedDecl* found : scope->lookup(named.getDeclName())) {
      auto* older = llvm::cast<clang::NamedDecl>(found->getCanonicalDecl());
      if (llvm::isa<clang::TagDecl>(older) || is_new(older->getLocation()) ||
          older->isFromASTFile() || sources_.isInSystemHeader(older->getLocation()) ||
          llvm::is_contained(out, older))
        continue;
      out.push_back(older);
    }
  });
}

bool Shadowing::is_in(const std::string& input, const clang::NamedDecl& declared) const {
  return sources_.getFilename(sources_.getExpansionLoc(declared.getLocation())) == input;
}

// Inputs and what they include are laid one behind the other, and text of macros with them.
bool Shadowing::is_new(clang::SourceLocation place) const {
  return !sources_.isLoadedSourceLocation(place) &&
         !sources_.isBeforeInSLocAddrSpace(place, input_begin_);
}

void Shadowing::hide(const Older& older, const std::string& tag) {
  input_begin_ = sources_.getNextLocalOffset();
  hidden_.clear();
  tag_ = tag;
  for (clang::NamedDecl* declared : older) {
    const auto* constant = llvm::dyn_cast<clang::EnumConstantDecl>(declared);
    if (constant != nullptr) {  // with its enumeration, and that with all others
      declared = llvm::cast<clang::EnumDecl>(declared->getDeclContext());
    }
    for_each_named(*declared, [&](clang::NamedDecl& named) { hide(named); });
  }
}

void Shadowing::hide(clang::NamedDecl& older) {
  hidden_.insert(name_of(older));
  take_out(*older.getDeclContext()->getRedeclContext()->getPrimaryContext(), older);
  take_out(*context_.getExternCContextDecl(), older);
}

void Shadowing::mark(clang::Decl& declared) {
  if (hidden_.empty() && taken_.empty()) return;
  for_each_named(declared, [&](clang::NamedDecl& named) { mark_one(named); });
}

Shadowing::Name Shadowing::name_of(const clang::NamedDecl& declared) {
  return {declared.getDeclContext()->getRedeclContext()->getPrimaryContext(),
          declared.getDeclName().getAsOpaqueInteger()};
}

void Shadowing::mark_one(clang::NamedDecl& declared) {
  if (!declared.getDeclContext()->getRedeclContext()->isFileContext()) return;
  const Name name = name_of(declared);
  if (llvm::isa<clang::TagDecl>(declared)) {
    if (hidden_.contains(name)) taken_.insert(name);
  } else if (taken_.erase(name) > 0) {
    hidden_.insert(name);
  }
  if (!hidden_.contains(name)) return;
  if (auto* several = llvm::dyn_cast<clang::BindingDecl>(&declared)) {
    if (several->getHoldingVar() != nullptr) tag(*several->getHoldingVar());
    tag(*llvm::cast<clang::NamedDecl>(several->getDecomposedDecl()));
  } else if (auto* pattern = llvm::dyn_cast<clang::TemplateDecl>(&declared)) {
    if (pattern->getTemplatedDecl() != nullptr) tag(*pattern->getTemplatedDecl());
  } else {
    tag(declared);
  }
}

void Shadowing::tag(clang::NamedDecl& declared) {
  if (declared.hasAttr<clang::AbiTagAttr>() || declared.hasAttr<clang::AsmLabelAttr>()) return;
  const auto* function = llvm::dyn_cast<clang::FunctionDecl>(&declared);
  const auto* variable = llvm::dyn_cast<clang::VarDecl>(&declared);
  // Of these the name is the symbol.
  if ((function != nullptr && (function->isExternC() || function->isMain())) ||
      (variable != nullptr && variable->isExternC())) {
    const std::string label = declared.getNameAsString() + "." + tag_;
    declared.addAttr(clang::AsmLabelAttr::CreateImplicit(
        context_, llvm::StringRef(label).copy(context_.getAllocator())));
    return;
  }
  llvm::StringRef text = llvm::StringRef(tag_).copy(context_.getAllocator());
  declared.addAttr(clang::AbiTagAttr::CreateImplicit(context_, &text, 1));
}

}  // namespace roundhouse::engine::interpreter
