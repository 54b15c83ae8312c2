#include "engine/interpreter/compiler.hpp"

#include <stdexcept>
#include <utility>

#include <clang/AST/ASTContext.h>
#include <clang/Frontend/CompilerInstance.h>
#include <clang/Frontend/FrontendAction.h>
#include <clang/Lex/HeaderSearch.h>
#include <clang/Lex/Preprocessor.h>
#include <clang/Lex/PreprocessorOptions.h>
#include <clang/Parse/Parser.h>
#include <clang/Sema/Sema.h>
#include <llvm/IR/Module.h>
#include <unistd.h>

#include "engine/interpreter/diagnostics.hpp"
#include "engine/interpreter/emitter.hpp"
#include "engine/interpreter/linkage.hpp"
#include "engine/interpreter/precompiled.hpp"
#include "engine/interpreter/special_statement.hpp"

namespace roundhouse::engine::interpreter {

// Sets a compiler up for input after input, and takes it down in the end.
class Compiler::Action final : public clang::ASTFrontendAction {
 public:
  explicit Action(llvm::LLVMContext& context) : context_(context) {}

  clang::TranslationUnitKind getTranslationUnitKind() override { return clang::TU_Incremental; }

  std::unique_ptr<clang::ASTConsumer> CreateASTConsumer(clang::CompilerInstance& compiler,
                                                        llvm::StringRef) override {
    auto out = std::make_unique<Emitter>(compiler, context_);
    emitter = out.get();
    return out;
  }

  void ExecuteAction() override {
    clang::CompilerInstance& compiler = getCompilerInstance();
    compiler.getPreprocessor().EnterMainSourceFile();
    compiler.createSema(clang::TU_Incremental, nullptr);
  }

  void EndSourceFile() override {
    if (is_over) ASTFrontendAction::EndSourceFile();
  }

  Emitter* emitter = nullptr;
  bool is_over = false;

 private:
  llvm::LLVMContext& context_;
};

namespace {

// Looks on as tokens are read, and knows which brackets are open, and which function they are of.
class Watcher {
 public:
  Watcher(clang::Sema& sema, Emitter& emitter, Compiler::OnUnfinished on_unfinished)
      : sema_(sema), emitter_(emitter), on_unfinished_(std::move(on_unfinished)) {}

  void operator()(const clang::Token& token) {
    look_at_context();
    if (!on_unfinished_) return;
    if (token.isOneOf(clang::tok::l_brace, clang::tok::l_paren, clang::tok::l_square)) {
      open_.push_back(token.getLocation());
    } else if (token.isOneOf(clang::tok::r_brace, clang::tok::r_paren, clang::tok::r_square)) {
      if (!open_.empty()) open_.pop_back();
    } else if (token.is(clang::tok::annot_repl_input_end) && !open_.empty()) {
      const clang::PresumedLoc place = sema_.getSourceManager().getPresumedLoc(open_.back());
      on_unfinished_(std::string(place.getFilename()) + ":" + std::to_string(place.getLine()) +
                     ":" + std::to_string(place.getColumn()));
    }
  }

 private:
  void look_at_context() {
    if (sema_.CurContext == context_) return;
    context_ = sema_.CurContext;
    emitter_.note_context(context_);
    // Clang asks it where it is, before there is anything, when what it uses is deprecated.
    auto* statement = llvm::dyn_cast_or_null<clang::TopLevelStmtDecl>(context_);
    if (statement != nullptr && statement->getStmt() == nullptr)
      statement->setStmt(new (sema_.getASTContext()) clang::NullStmt(clang::SourceLocation()));
    auto* function = llvm::dyn_cast_or_null<clang::FunctionDecl>(context_);
    if (function != nullptr) share_types_of(*function);
  }

  clang::Sema& sema_;
  Emitter& emitter_;
  Compiler::OnUnfinished on_unfinished_;
  clang::DeclContext* context_ = nullptr;
  std::vector<clang::SourceLocation> open_;
};

}  // namespace

std::string literal(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && byte != 0x7f && c != '"' && c != '\\') {
      out += c;
      continue;
    }
    out += '\\';
    for (const int shift : {6, 3, 0}) out += static_cast<char>('0' + ((byte >> shift) & 7));
  }
  return out += '"';
}

Compiler::Compiler(Optimization how, llvm::LLVMContext& context) {
  const std::string file = precompiled_file(how);
  if (::access(file.c_str(), R_OK) == 0) {
    try {
      set_up(how, context, file);
      return;
    } catch (const std::runtime_error&) {  // it is of other headers, or of another Clang
      take_down();
    }
  }
  set_up(how, context, "");
}

Compiler::~Compiler() {
  take_down();
}

void Compiler::set_up(Optimization how, llvm::LLVMContext& context,
                      const std::string& precompiled) {
  action_ = std::make_unique<Action>(context);
  instance_ = make_instance(how);
  instance_->getPreprocessorOpts().ImplicitPCHInclude = precompiled;
  instance_->getHeaderSearchOpts().ModulesValidateSystemHeaders = true;
  auto diagnostics = std::make_unique<Diagnostics>();
  diagnostics_ = diagnostics.get();
  instance_->getDiagnostics().setClient(diagnostics.release());
  instance_->getDiagnosticOpts().ShowCarets = false;  // or it counts errors on standard error
  if (!instance_->ExecuteAction(*action_) || !instance_->hasSema() ||
      instance_->getDiagnostics().hasErrorOccurred())
    throw std::runtime_error("the compiler cannot be set up: " + diagnostics_->first_error());
  emitter_ = action_->emitter;
  parser_ = std::make_unique<clang::Parser>(instance_->getPreprocessor(), instance_->getSema(),
                                            /*SkipFunctionBodies=*/false);
  parser_->Initialize();
  has_preamble_ = !precompiled.empty();
  if (has_preamble_) {
    clang::ASTContext& all = instance_->getASTContext();
    all.getExternalSource()->StartTranslationUnit(emitter_);
    emitter_->shadowing().remember_headers(*all.getTranslationUnitDecl());
  }
  if (!parse_entered()) throw std::runtime_error("the compiler cannot parse nothing");
  if (!has_preamble_) (void)take_module();
}

void Compiler::take_down() {
  parser_.reset();
  action_->is_over = true;
  if (instance_ != nullptr && instance_->hasSema()) action_->EndSourceFile();
  instance_.reset();
}

bool Compiler::parse(const Source& source, const Older& hidden, const OnUnfinished& on_unfinished) {
  ++inputs_;
  diagnostics_->forget();
  instance_->getDiagnostics().Reset(/*soft=*/true);
  emitter_->forget_declared();
  emitter_->note_context(nullptr);
  emitter_->shadowing().hide(hidden, "rh" + std::to_string(inputs_));

  // Lines are counted from the one after the first.
  std::string text = "# 1 " + literal(source.file) + "\n" + source.text + "\n";
  clang::SourceManager& sources = instance_->getSourceManager();
  const clang::SourceLocation includer = sources.getLocForStartOfFile(sources.getMainFileID());
  const clang::FileEntryRef file =
      sources.getFileManager().getVirtualFileRef(path(), static_cast<off_t>(text.size()), 0);
  sources.overrideFileContents(file, llvm::MemoryBuffer::getMemBufferCopy(text, path()));
  const clang::FileID id = sources.createFileID(file, includer, clang::SrcMgr::C_User);
  clang::Preprocessor& preprocessor = instance_->getPreprocessor();
  // It takes for granted that who includes a header is known to it.
  (void)preprocessor.getHeaderSearchInfo().getFileInfo(file);
  preprocessor.setTokenWatcher(Watcher(instance_->getSema(), *emitter_, on_unfinished));
  if (preprocessor.EnterSourceFile(id, nullptr, includer)) return false;
  if (!parse_entered()) return false;
  clang::Token end;
  preprocessor.Lex(end);  // of the input: annot_repl_input_end
  return true;
}

bool Compiler::parse_entered() {
  clang::Sema& sema = instance_->getSema();
  clang::Sema::GlobalEagerInstantiationScope everywhere(sema, true);
  clang::Sema::LocalEagerInstantiationScope here(sema);
  sema.getASTContext().addTranslationUnitDecl();
  if (parser_->getCurToken().is(clang::tok::annot_repl_input_end)) {
    parser_->ConsumeAnyToken();
    parser_->ExitScope();
    sema.CurContext = nullptr;
    parser_->EnterScope(clang::Scope::DeclScope);
    sema.ActOnTranslationUnitScope(parser_->getCurScope());
  }
  sema.ActOnStartOfTranslationUnit();
  while (parse_next()) {
  }
  if (instance_->getDiagnostics().hasErrorOccurred()) return false;
  for (clang::Decl* weak : sema.WeakTopLevelDecls())
    emitter_->HandleTopLevelDecl(clang::DeclGroupRef(weak));
  here.perform();
  everywhere.perform();
  if (instance_->getDiagnostics().hasErrorOccurred()) return false;
  emitter_->HandleTranslationUnit(sema.getASTContext());
  return !instance_->getDiagnostics().hasErrorOccurred();
}

// False at the end of the input.
bool Compiler::parse_next() {
  clang::Parser::DeclGroupPtrTy group;
  clang::Sema::ModuleImportState imports{};
  if (const auto statement = parse_special_statement(*parser_, instance_->getSema())) {
    group = *statement;
  } else if (parser_->ParseTopLevelDecl(group, imports)) {
    return false;
  }
  if (group) emitter_->HandleTopLevelDecl(group.get());
  return true;
}

std::unique_ptr<llvm::Module> Compiler::take_module() {
  return emitter_->take_module("input_" + std::to_string(inputs_ + 1));
}

Declared Compiler::declared() const {
  return globals(*instance_, emitter_->generator(), emitter_->declared());
}

bool Compiler::has_namespace(std::string_view name) {
  return is_namespace(*instance_, name);
}

std::vector<Function> Compiler::functions(std::string_view name) {
  return functions_named(*instance_, name);
}

std::optional<Undefined> Compiler::undefined(std::string_view symbol) const {
  return function_of(*instance_, emitter_->generator(), symbol);
}

Older Compiler::conflicts() const {
  const Shadowing& shadowing = emitter_->shadowing();
  Older out = shadowing.at(diagnostics_->noted());
  const Older outdone = shadowing.outdone_at(diagnostics_->candidates());
  out.insert(out.end(), outdone.begin(), outdone.end());
  for (clang::Decl* declared : emitter_->declared()) shadowing.find_values(*declared, path(), out);
  return out;
}

void Compiler::take_values() {
  emitter_->take_values(true);
}

std::string Compiler::without_macros(const std::string& text) const {
  const clang::Preprocessor& preprocessor = instance_->getPreprocessor();
  const clang::SourceManager& sources = instance_->getSourceManager();
  std::string before;
  std::string behind;
  for (const auto& [identifier, state] : preprocessor.macros()) {
    const clang::MacroInfo* macro = preprocessor.getMacroInfo(identifier);
    if (macro == nullptr || macro->isBuiltinMacro()) continue;
    const clang::SourceLocation place = macro->getDefinitionLoc();
    if (place.isInvalid() || sources.isInSystemHeader(place) ||
        sources.isWrittenInBuiltinFile(place) || sources.isWrittenInCommandLineFile(place))
      continue;
    const std::string name = identifier->getName().str();
    before += "#pragma push_macro(\"" + name + "\")\n#undef " + name + "\n";
    behind += "\n#pragma pop_macro(\"" + name + "\")";
  }
  return before + text + behind;
}

std::string Compiler::path() const {
  return "<input " + std::to_string(inputs_) + ">";
}

}  // namespace roundhouse::engine::interpreter
