#pragma once

// SHELL. Emitter: hears from the parser what an input declares; marks what is declared anew, lets
// the value of a last expression be taken, and generates code. Thread rule: its compiler's.

#include <memory>
#include <vector>

#include <clang/AST/ASTConsumer.h>
#include <clang/CodeGen/ModuleBuilder.h>

namespace clang {
class CompilerInstance;
class DeclContext;
class Expr;
class TopLevelStmtDecl;
}  // namespace clang

namespace roundhouse::engine::interpreter {

class Shadowing;

class Emitter final : public clang::ASTConsumer {
 public:
  // Both outlive it.
  Emitter(clang::CompilerInstance& compiler, llvm::LLVMContext& context);
  ~Emitter() override;

  // The next input's code goes into a module of this name. Returns the last one's.
  [[nodiscard]] std::unique_ptr<llvm::Module> take_module(const std::string& next);

  [[nodiscard]] Shadowing& shadowing() { return *shadowing_; }

  [[nodiscard]] clang::CodeGenerator& generator() { return *generator_; }

  // What the last input declared, in its order.
  [[nodiscard]] const std::vector<clang::Decl*>& declared() const { return declared_; }

  void forget_declared() { declared_.clear(); }

  // Values of last expressions go to the function template of this name, once it is declared:
  // roundhouse::interpreted::value.
  void take_values(bool on) { takes_values_ = on; }

  // What the parser reads now is in this.
  void note_context(clang::DeclContext* scope);

  void Initialize(clang::ASTContext& context) override;
  bool HandleTopLevelDecl(clang::DeclGroupRef group) override;
  void HandleInlineFunctionDefinition(clang::FunctionDecl* function) override;
  void HandleInterestingDecl(clang::DeclGroupRef group) override;
  void HandleTranslationUnit(clang::ASTContext& context) override;
  void HandleTagDeclDefinition(clang::TagDecl* type) override;
  void HandleTagDeclRequiredDefinition(const clang::TagDecl* type) override;
  void HandleCXXImplicitFunctionInstantiation(clang::FunctionDecl* function) override;
  void HandleCXXStaticMemberVarInstantiation(clang::VarDecl* variable) override;
  void CompleteTentativeDefinition(clang::VarDecl* variable) override;
  void CompleteExternalDeclaration(clang::DeclaratorDecl* declaration) override;
  void AssignInheritanceModel(clang::CXXRecordDecl* record) override;
  void HandleVTable(clang::CXXRecordDecl* record) override;

 private:
  void take_value(clang::TopLevelStmtDecl& statement);
  template <class Work>
  void generate(const Work& work);

  clang::CompilerInstance& compiler_;
  llvm::LLVMContext& llvm_;
  std::unique_ptr<clang::CodeGenerator> generator_;
  std::unique_ptr<Shadowing> shadowing_;  // from Initialize() on
  std::vector<clang::Decl*> declared_;
  clang::TopLevelStmtDecl* open_ = nullptr;  // it is being parsed
  bool takes_values_ = false;
};

}  // namespace roundhouse::engine::interpreter
