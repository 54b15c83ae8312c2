#include "engine/interpreter/emitter.hpp"

#include <utility>

#include <clang/AST/ASTContext.h>
#include <clang/AST/ExprCXX.h>
#include <clang/Frontend/CompilerInstance.h>
#include <clang/Lex/Preprocessor.h>
#include <clang/Sema/Lookup.h>
#include <clang/Sema/Sema.h>
#include <llvm/IR/Module.h>

#include "engine/interpreter/linkage.hpp"
#include "engine/interpreter/shadowing.hpp"

namespace roundhouse::engine::interpreter {

namespace {

// The namespace within `scope`, or null.
clang::DeclContext* find_namespace(clang::ASTContext& context, clang::DeclContext* scope,
                                   llvm::StringRef name) {
  for (clang::NamedDecl* found : scope->lookup(&context.Idents.get(name))) {
    if (auto* inner = llvm::dyn_cast<clang::NamespaceDecl>(found)) return inner;
  }
  return nullptr;
}

clang::TopLevelStmtDecl* statement_around(clang::DeclContext* scope) {
  while (scope != nullptr && !llvm::isa<clang::TopLevelStmtDecl>(scope))
    scope = scope->getLexicalParent();
  return llvm::cast_or_null<clang::TopLevelStmtDecl>(scope);
}

// Statements have no name, and Clang 19 reads wild memory when it names closures and types within
// one after it: they are the translation unit's. Returns them.
std::vector<clang::Decl*> lift_types(clang::TopLevelStmtDecl* statement) {
  std::vector<clang::Decl*> out;
  if (statement == nullptr) return out;
  for (clang::Decl* inner : statement->decls()) {
    if (!llvm::isa<clang::TagDecl>(inner)) continue;
    inner->setDeclContext(statement->getASTContext().getTranslationUnitDecl());
    inner->setLexicalDeclContext(statement);
    out.push_back(inner);
  }
  return out;
}

}  // namespace

Emitter::Emitter(clang::CompilerInstance& compiler, llvm::LLVMContext& context)
    : compiler_(compiler),
      llvm_(context),
      generator_(clang::CreateLLVMCodeGen(
          compiler.getDiagnostics(), "start", &compiler.getVirtualFileSystem(),
          compiler.getHeaderSearchOpts(), compiler.getPreprocessorOpts(), compiler.getCodeGenOpts(),
          context)) {}

Emitter::~Emitter() = default;

std::unique_ptr<llvm::Module> Emitter::take_module(const std::string& next) {
  std::unique_ptr<llvm::Module> out(generator_->ReleaseModule());
  generator_->StartModule(next, llvm_);
  return out;
}

void Emitter::Initialize(clang::ASTContext& context) {
  shadowing_ = std::make_unique<Shadowing>(context, compiler_.getSourceManager());
  generator_->Initialize(context);
}

void Emitter::note_context(clang::DeclContext* scope) {
  open_ = statement_around(scope);
}

// Code is generated in the midst of a statement, too: of templates that it needs to be understood.
// Names that are looked up afterwards are to be found in the statement. Meanwhile more code may be
// generated, of what is read from the precompiled file.
template <class Work>
void Emitter::generate(const Work& work) {
  clang::TopLevelStmtDecl* const statement = std::exchange(open_, nullptr);
  const std::vector<clang::Decl*> lifted = lift_types(statement);
  work();
  for (clang::Decl* inner : lifted) inner->setDeclContext(statement);
  open_ = statement;
}

bool Emitter::HandleTopLevelDecl(clang::DeclGroupRef group) {
  for (clang::Decl* declared : group) {
    declared_.push_back(declared);
    shadowing_->mark(*declared);
    shadowing_->remember(*declared);
    share(*declared, compiler_.getSourceManager());
    auto* statement = llvm::dyn_cast<clang::TopLevelStmtDecl>(declared);
    if (statement != nullptr) {
      open_ = nullptr;
      lift_types(statement);
    }
    if (statement != nullptr && statement->isSemiMissing() && takes_values_) take_value(*statement);
  }
  bool going_on = false;
  generate([&] { going_on = generator_->HandleTopLevelDecl(group); });
  return going_on;
}

// `x` becomes `roundhouse::interpreted::value(x)`.
void Emitter::take_value(clang::TopLevelStmtDecl& statement) {
  auto* expression = llvm::dyn_cast<clang::Expr>(statement.getStmt());
  if (expression == nullptr || expression->getType()->isVoidType() ||
      expression->hasPlaceholderType() || expression->containsErrors())
    return;
  clang::Sema& sema = compiler_.getSema();
  clang::ASTContext& context = compiler_.getASTContext();
  clang::DeclContext* scope = context.getTranslationUnitDecl();
  scope = find_namespace(context, scope, "roundhouse");
  if (scope != nullptr) scope = find_namespace(context, scope, "interpreted");
  if (scope == nullptr) return;

  const clang::SourceLocation place = expression->getBeginLoc();
  clang::LookupResult found(sema, &context.Idents.get("value"), place,
                            clang::Sema::LookupOrdinaryName);
  if (!sema.LookupQualifiedName(found, scope)) return;
  const clang::CXXScopeSpec qualifier;
  clang::ExprResult function = sema.BuildDeclarationNameExpr(qualifier, found, false);
  if (function.isInvalid()) return;
  // The call becomes the full expression: what cleans up after this one does so after the call.
  if (auto* full = llvm::dyn_cast<clang::ExprWithCleanups>(expression))
    expression = full->getSubExpr();
  clang::ExprResult call = sema.ActOnCallExpr(nullptr, function.get(), place, expression,
                                              statement.getStmt()->getEndLoc());
  if (call.isInvalid()) return;
  sema.Cleanup.setExprNeedsCleanups(true);
  call = sema.ActOnFinishFullExpr(call.get(), true);
  if (call.isUsable()) statement.setStmt(call.get());
}

void Emitter::HandleInlineFunctionDefinition(clang::FunctionDecl* function) {
  generate([&] { generator_->HandleInlineFunctionDefinition(function); });
}

void Emitter::HandleInterestingDecl(clang::DeclGroupRef group) {
  generate([&] { generator_->HandleInterestingDecl(group); });
}

void Emitter::HandleTranslationUnit(clang::ASTContext& context) {
  generator_->HandleTranslationUnit(context);
}

void Emitter::HandleTagDeclDefinition(clang::TagDecl* type) {
  shadowing_->mark(*type);
  generate([&] { generator_->HandleTagDeclDefinition(type); });
}

void Emitter::HandleTagDeclRequiredDefinition(const clang::TagDecl* type) {
  generate([&] { generator_->HandleTagDeclRequiredDefinition(type); });
}

void Emitter::HandleCXXImplicitFunctionInstantiation(clang::FunctionDecl* function) {
  generate([&] { generator_->HandleCXXImplicitFunctionInstantiation(function); });
}

void Emitter::HandleCXXStaticMemberVarInstantiation(clang::VarDecl* variable) {
  generate([&] { generator_->HandleCXXStaticMemberVarInstantiation(variable); });
}

void Emitter::CompleteTentativeDefinition(clang::VarDecl* variable) {
  generator_->CompleteTentativeDefinition(variable);
}

void Emitter::CompleteExternalDeclaration(clang::DeclaratorDecl* declaration) {
  generator_->CompleteExternalDeclaration(declaration);
}

void Emitter::AssignInheritanceModel(clang::CXXRecordDecl* record) {
  generator_->AssignInheritanceModel(record);
}

void Emitter::HandleVTable(clang::CXXRecordDecl* record) {
  generate([&] { generator_->HandleVTable(record); });
}

}  // namespace roundhouse::engine::interpreter
