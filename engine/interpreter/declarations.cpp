#include "engine/interpreter/declarations.hpp"

#include <algorithm>
#include <memory>

#include <clang/AST/ASTContext.h>
#include <clang/AST/DeclCXX.h>
#include <clang/AST/DeclTemplate.h>
#include <clang/AST/Mangle.h>
#include <clang/Basic/SourceManager.h>
#include <clang/CodeGen/ModuleBuilder.h>
#include <clang/Frontend/CompilerInstance.h>

namespace roundhouse::engine::interpreter {

namespace {

constexpr std::string_view kTag = "rh";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// How many digits `text` begins with.
std::size_t digits(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  return count;
}

std::string type_name_of(clang::ASTContext& context, clang::QualType type) {
  type = context.getCanonicalType(type.getNonReferenceType()).getUnqualifiedType();
  std::unique_ptr<clang::MangleContext> mangler(context.createMangleContext());
  std::string out;
  llvm::raw_string_ostream stream(out);
  mangler->mangleCXXRTTIName(type, stream);
  stream.flush();
  return out.starts_with("_ZTS") ? out.substr(4) : out;
}

Variable describe(clang::ASTContext& context, clang::CodeGenerator& generator,
                  const clang::VarDecl& variable) {
  const clang::QualType type = variable.getType();
  const clang::QualType object = type.getNonReferenceType();
  const bool has_size = !object->isIncompleteType() && !object->isDependentType();
  return {
      variable.getNameAsString(),
      type_name_of(context, type),
      generator.GetMangledName(clang::GlobalDecl(&variable)).str(),
      type->isReferenceType(),
      type.getNonReferenceType().isConstQualified(),
      variable.isThisDeclarationADefinition() != clang::VarDecl::DeclarationOnly,
      has_size ? static_cast<std::size_t>(context.getTypeSizeInChars(object).getQuantity()) : 0};
}

Function describe(clang::ASTContext& context, const clang::FunctionDecl& function) {
  Function out;
  for (const clang::ParmVarDecl* parameter : function.parameters())
    out.parameters.push_back(type_name_of(context, parameter->getType()));
  out.result = type_name_of(context, function.getReturnType());
  out.identity = function.getCanonicalDecl();
  return out;
}

// What a variable does when it is called: a closure, a std::function. Nothing when it cannot be.
std::optional<Function> describe_call(clang::ASTContext& context, const clang::VarDecl& variable) {
  const clang::CXXRecordDecl* type = variable.getType()->getAsCXXRecordDecl();  // of no reference
  if (type == nullptr || !type->hasDefinition()) return std::nullopt;
  const auto found = type->lookup(context.DeclarationNames.getCXXOperatorName(clang::OO_Call));
  if (!found.isSingleResult()) return std::nullopt;
  Function out;
  if (const auto* call = llvm::dyn_cast<clang::CXXMethodDecl>(found.front())) {
    if (call->getAccess() != clang::AS_public || call->isStatic()) return std::nullopt;
    out = describe(context, *call);
  }
  out.is_template = llvm::isa<clang::FunctionTemplateDecl>(found.front());
  out.is_object = true;
  out.identity = variable.getCanonicalDecl();
  return out;
}

// "int", "double (double)", "struct".
std::string kind_of(clang::ASTContext& context, const clang::NamedDecl& named) {
  const clang::PrintingPolicy policy(context.getLangOpts());
  if (llvm::isa<clang::TemplateDecl>(named)) return "template";
  if (const auto* value = llvm::dyn_cast<clang::ValueDecl>(&named))
    return without_readable_tags(value->getType().getAsString(policy));
  if (const auto* tag = llvm::dyn_cast<clang::TagDecl>(&named)) return tag->getKindName().str();
  if (llvm::isa<clang::NamespaceDecl>(named)) return "namespace";
  return "type";
}

// With what stands in blocks of extern "C".
void flatten(clang::Decl* declaration, std::vector<clang::Decl*>& out) {
  auto* block = llvm::dyn_cast<clang::LinkageSpecDecl>(declaration);
  if (block == nullptr) return out.push_back(declaration);
  for (clang::Decl* inner : block->decls()) flatten(inner, out);
}

}  // namespace

Declared globals(clang::CompilerInstance& compiler, clang::CodeGenerator& generator,
                 const std::vector<clang::Decl*>& declared) {
  clang::ASTContext& context = compiler.getASTContext();
  Declared out;
  std::vector<clang::Decl*> all;
  for (clang::Decl* declaration : declared) flatten(declaration, all);
  for (clang::Decl* declaration : all) {
    auto* named = llvm::dyn_cast<clang::NamedDecl>(declaration);
    if (named == nullptr || named->getNameAsString().empty() ||
        !named->getDeclContext()->getRedeclContext()->isTranslationUnit())
      continue;
    const bool is_ours =
        !context.getSourceManager().isInSystemHeader(named->getLocation()) && !named->isImplicit();
    out.names.push_back({named->getNameAsString(), is_ours ? kind_of(context, *named) : ""});
    const auto* function = llvm::dyn_cast<clang::FunctionDecl>(named);
    if (function != nullptr && function->isMain() && function->isThisDeclarationADefinition())
      out.main = kind_of(context, *function);
    auto* variable = llvm::dyn_cast<clang::VarDecl>(named);
    if (variable == nullptr || variable->isTemplated() ||
        llvm::isa<clang::VarTemplateSpecializationDecl>(variable))
      continue;
    out.variables.push_back(describe(context, generator, *variable));
  }
  return out;
}

bool is_namespace(clang::CompilerInstance& compiler, std::string_view name) {
  clang::ASTContext& context = compiler.getASTContext();
  return llvm::any_of(context.getTranslationUnitDecl()->lookup(&context.Idents.get(name)),
                      [](const clang::NamedDecl* found) {
                        return llvm::isa<clang::NamespaceDecl, clang::NamespaceAliasDecl>(found);
                      });
}

std::vector<Function> functions_named(clang::CompilerInstance& compiler, std::string_view name) {
  clang::ASTContext& context = compiler.getASTContext();
  clang::DeclContext* scope = context.getTranslationUnitDecl();
  if (name.starts_with("::")) name.remove_prefix(2);
  for (std::size_t end = name.find("::"); end != std::string_view::npos; end = name.find("::")) {
    clang::DeclContext* inner = nullptr;
    for (clang::NamedDecl* found : scope->lookup(&context.Idents.get(name.substr(0, end)))) {
      if (auto* space = llvm::dyn_cast<clang::NamespaceDecl>(found)) inner = space;
    }
    if (inner == nullptr) return {};
    scope = inner;
    name.remove_prefix(end + 2);
  }
  std::vector<Function> out;
  for (clang::NamedDecl* found : scope->lookup(&context.Idents.get(name))) {
    if (const auto* shadow = llvm::dyn_cast<clang::UsingShadowDecl>(found))
      found = shadow->getTargetDecl();
    if (llvm::isa<clang::FunctionTemplateDecl>(found)) {
      out.emplace_back().is_template = true;
    } else if (const auto* function = llvm::dyn_cast<clang::FunctionDecl>(found)) {
      out.push_back(describe(context, *function));
    } else if (const auto* variable = llvm::dyn_cast<clang::VarDecl>(found)) {
      if (auto call = describe_call(context, *variable)) out.push_back(*std::move(call));
    }
  }
  return out;
}

std::optional<Undefined> function_of(clang::CompilerInstance& compiler,
                                     clang::CodeGenerator& generator, std::string_view symbol) {
  const auto* function =
      llvm::dyn_cast_or_null<clang::FunctionDecl>(generator.GetDeclForMangledName(symbol));
  if (function == nullptr || llvm::isa<clang::CXXMethodDecl>(function)) return std::nullopt;
  clang::ASTContext& context = compiler.getASTContext();
  const clang::QualType type =
      context.getFunctionTypeWithExceptionSpec(function->getType(), clang::EST_None);
  return Undefined{function->getQualifiedNameAsString(), type_name_of(context, type)};
}

std::string without_tags(std::string_view mangled) {
  std::string out;
  while (!mangled.empty()) {
    const std::size_t number = mangled[0] == 'B' ? digits(mangled.substr(1)) : 0;
    const std::string_view tag = mangled.substr(std::min(1 + number, mangled.size()));
    const std::size_t length = tag.starts_with(kTag) ? 2 + digits(tag.substr(2)) : 0;
    if (number != 0 && length > 2 && mangled.substr(1, number) == std::to_string(length)) {
      mangled.remove_prefix(1 + number + length);
    } else {
      out += mangled[0];
      mangled.remove_prefix(1);
    }
  }
  return out;
}

std::string without_readable_tags(std::string_view text) {
  constexpr std::string_view kOpen = "[abi:rh";
  std::string out(text);
  for (std::size_t at = out.find(kOpen); at != std::string::npos; at = out.find(kOpen, at)) {
    const std::size_t end = out.find(']', at);
    if (end == std::string::npos) break;
    out.erase(at, end + 1 - at);
  }
  return out;
}

}  // namespace roundhouse::engine::interpreter
