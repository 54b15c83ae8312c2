#include "engine/interpreter/jit.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dlfcn.h>
#include <llvm/ExecutionEngine/JITLink/EHFrameSupport.h>
#include <llvm/ExecutionEngine/Orc/MapperJITLinkMemoryManager.h>
#include <llvm/ExecutionEngine/Orc/MemoryMapper.h>
#include <llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Target/TargetMachine.h>

namespace roundhouse::engine::interpreter {

namespace {

// Addresses reserved at a time. Code of one piece reaches code of another by 32-bit distances.
constexpr std::size_t kReservedBytes = std::size_t{512} << 20U;

void check(llvm::Error error) {
  if (error) throw std::runtime_error(llvm::toString(std::move(error)));
}

// The functions that `start` calls, if it does nothing else; it alone otherwise.
std::vector<llvm::Function*> steps_of(llvm::Function& start) {
  std::vector<llvm::Function*> out;
  if (start.size() != 1) return {&start};
  for (llvm::Instruction& instruction : start.front()) {
    if (llvm::isa<llvm::ReturnInst>(instruction)) continue;
    auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
    llvm::Function* called = call == nullptr ? nullptr : call->getCalledFunction();
    if (called == nullptr || called->isDeclaration() || call->arg_size() != 0) return {&start};
    out.push_back(called);
  }
  return out;
}

// Takes the list of what runs at the start out of the module.
std::vector<llvm::Function*> take_steps(llvm::Module& module) {
  std::vector<llvm::Function*> out;
  llvm::GlobalVariable* list = module.getNamedGlobal("llvm.global_ctors");
  if (list == nullptr) return out;
  if (auto* entries = llvm::dyn_cast<llvm::ConstantArray>(list->getInitializer())) {
    for (const llvm::Use& entry : entries->operands()) {
      llvm::Constant* function = llvm::cast<llvm::ConstantStruct>(entry)->getOperand(1);
      for (llvm::Function* step : steps_of(*llvm::cast<llvm::Function>(function)))
        out.push_back(step);
    }
  }
  list->eraseFromParent();
  return out;
}

llvm::Expected<std::unique_ptr<llvm::orc::ObjectLayer>> make_linker(
    llvm::orc::ExecutionSession& session, const llvm::Triple&) {
  auto memory =
      llvm::orc::MapperJITLinkMemoryManager::CreateWithMapper<llvm::orc::InProcessMemoryMapper>(
          kReservedBytes);
  if (!memory) return memory.takeError();
  auto out = std::make_unique<llvm::orc::ObjectLinkingLayer>(session, std::move(*memory));
  out->addPlugin(std::make_unique<llvm::orc::EHFrameRegistrationPlugin>(
      session, std::make_unique<llvm::jitlink::InProcessEHFrameRegistrar>()));
  return out;
}

// What tells one shared library from another when it registers what is to happen in the end: here
// a pointer to the Jit, one in each module, within reach.
void identify(llvm::Module& module, const Jit* jit) {
  llvm::GlobalVariable* handle = module.getNamedGlobal("__dso_handle");
  if (handle == nullptr) return;
  auto* pointer = llvm::PointerType::getUnqual(module.getContext());
  auto* number = llvm::ConstantInt::get(llvm::Type::getInt64Ty(module.getContext()),
                                        reinterpret_cast<std::uintptr_t>(jit));
  auto* known =
      new llvm::GlobalVariable(module, pointer, true, llvm::GlobalValue::InternalLinkage,
                               llvm::ConstantExpr::getIntToPtr(number, pointer), "rh_dso_handle");
  handle->replaceAllUsesWith(known);
  handle->eraseFromParent();
}

// What an earlier module has, and this one, too, as inline functions and variables are in all that
// use them: the earlier one counts. Calls of functions may be inlined all the same.
void leave_to_others(llvm::Module& module, const llvm::StringSet<>& defined) {
  for (llvm::GlobalObject& symbol : module.global_objects()) {
    if (symbol.isDeclaration() || !symbol.isWeakForLinker() || !defined.contains(symbol.getName()))
      continue;
    symbol.setComdat(nullptr);
    symbol.setVisibility(llvm::GlobalValue::DefaultVisibility);
    symbol.setDSOLocal(false);
    if (auto* variable = llvm::dyn_cast<llvm::GlobalVariable>(&symbol)) {
      variable->setInitializer(nullptr);
      variable->setLinkage(llvm::GlobalValue::ExternalLinkage);
    } else {
      symbol.setLinkage(llvm::GlobalValue::AvailableExternallyLinkage);
    }
  }
}

// What LLVM and libgcc make of a variable that each thread has: code asks for its address.
struct ThreadVariable {
  std::size_t size = 0;  // 0: a real one, of a library
  std::size_t alignment = 0;
  void* place = nullptr;
  const void* initial = nullptr;  // of a real one: its name
};

void* address_of(ThreadVariable* variable) {
  if (variable->size == 0)
    return ::dlsym(RTLD_DEFAULT, static_cast<const char*>(variable->initial));
  static const auto emulated =
      reinterpret_cast<void* (*)(ThreadVariable*)>(::dlsym(RTLD_DEFAULT, "__emutls_get_address"));
  return emulated(variable);
}

// Those of libraries that the module uses, by the names that code has for them. std::call_once and
// all of <future> need some.
std::vector<std::pair<std::string, ThreadVariable*>> real_thread_variables(
    const llvm::Module& module) {
  static std::mutex mutex;
  static auto& all = *std::make_unique<std::map<std::string, ThreadVariable>>().release();
  std::vector<std::pair<std::string, ThreadVariable*>> out;
  for (const llvm::GlobalVariable& variable : module.globals()) {
    if (!variable.isThreadLocal() || !variable.isDeclaration()) continue;
    const std::string name = variable.getName().str();
    if (::dlsym(RTLD_DEFAULT, name.c_str()) == nullptr) continue;
    const std::lock_guard lock(mutex);
    const auto one = all.try_emplace(name).first;
    one->second.initial = one->first.c_str();
    out.emplace_back("__emutls_v." + name, &one->second);
  }
  return out;
}

// Not what is for the compiler alone, as llvm.used is.
bool is_provided(const llvm::GlobalValue& symbol) {
  return !symbol.isDeclaration() && !symbol.hasLocalLinkage() &&
         !symbol.hasAvailableExternallyLinkage() && !symbol.hasAppendingLinkage();
}

}  // namespace

Jit::Jit(Optimization how) : how_(how), context_(std::make_unique<llvm::LLVMContext>()) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto machine = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!machine) throw std::runtime_error(llvm::toString(machine.takeError()));
  machine->setCodeGenOptLevel(how == Optimization::none ? llvm::CodeGenOptLevel::None
                                                        : llvm::CodeGenOptLevel::Default);
  machine->setRelocationModel(llvm::Reloc::PIC_);
  auto target = machine->createTargetMachine();
  if (!target) throw std::runtime_error(llvm::toString(target.takeError()));
  machine_ = std::move(*target);
  auto made = llvm::orc::LLJITBuilder()
                  .setJITTargetMachineBuilder(std::move(*machine))
                  .setPlatformSetUp(llvm::orc::setUpInactivePlatform)
                  .setObjectLinkingLayerCreator(make_linker)
                  .create();
  if (!made) throw std::runtime_error(llvm::toString(made.takeError()));
  jit_ = std::move(*made);
  defined_.insert("__dso_handle");  // see identify()
  define("__cxa_atexit", reinterpret_cast<void*>(&Jit::at_exit));
  define("__emutls_get_address", reinterpret_cast<void*>(&address_of));
}

Jit::~Jit() {
  finish();
}

void Jit::finish() {
  while (!exits_.empty()) {
    const Exit last = exits_.back();
    exits_.pop_back();
    last.function(last.argument);
  }
}

void Jit::define(std::string_view symbol, void* address) {
  llvm::orc::SymbolMap symbols;
  symbols[jit_->mangleAndIntern(symbol)] = {llvm::orc::ExecutorAddr::fromPtr(address),
                                            llvm::JITSymbolFlags::Exported};
  check(jit_->getMainJITDylib().define(llvm::orc::absoluteSymbols(std::move(symbols))));
  defined_.insert(symbol);
}

std::vector<std::string> Jit::missing(const llvm::Module& module) const {
  std::vector<std::string> out;
  for (const llvm::GlobalValue& symbol : module.global_values()) {
    if (!symbol.isDeclaration() || symbol.use_empty() || symbol.hasExternalWeakLinkage()) continue;
    const auto* function = llvm::dyn_cast<llvm::Function>(&symbol);
    if (function != nullptr && function->isIntrinsic()) continue;
    llvm::StringRef name = symbol.getName();
    name.consume_front("\1");
    if (defined_.contains(name) || ::dlsym(RTLD_DEFAULT, name.str().c_str()) != nullptr) continue;
    out.push_back(name.str());
  }
  return out;
}

std::string Jit::doubled(const llvm::Module& module) const {
  for (const llvm::GlobalValue& symbol : module.global_values()) {
    if (is_provided(symbol) && !symbol.isWeakForLinker() && defined_.contains(symbol.getName()))
      return symbol.getName().str();
  }
  return {};
}

std::vector<Jit::Step> Jit::add(std::unique_ptr<llvm::Module> module) {
  identify(*module, this);
  leave_to_others(*module, defined_);
  optimize(*module, how_, *machine_);
  for (const auto& [symbol, variable] : real_thread_variables(*module)) {
    if (!defined_.contains(symbol)) define(symbol, variable);
  }
  const std::string prefix = "rh_step_" + std::to_string(++modules_) + "_";
  std::vector<std::string> names;
  for (llvm::Function* step : take_steps(*module)) {
    names.push_back(prefix + std::to_string(names.size()));
    step->setLinkage(llvm::GlobalValue::ExternalLinkage);
    step->setName(names.back());
  }
  std::vector<std::string> provided;
  for (const llvm::GlobalValue& symbol : module->global_values()) {
    if (is_provided(symbol)) provided.push_back(symbol.getName().str());
  }
  auto tracker = jit_->getMainJITDylib().createResourceTracker();
  check(jit_->addIRModule(tracker, llvm::orc::ThreadSafeModule(std::move(module), context_)));
  std::vector<Step> out;
  for (const std::string& name : names) {
    auto address = jit_->lookup(name);
    if (!address) {
      std::string why = llvm::toString(address.takeError());
      check(tracker->remove());
      throw std::runtime_error(why);
    }
    out.push_back(address->toPtr<Step>());
  }
  for (const std::string& name : provided) defined_.insert(name);
  return out;
}

void* Jit::find(std::string_view symbol) {
  if (!defined_.contains(symbol)) return nullptr;
  auto address = jit_->lookup(symbol);
  if (!address) {
    llvm::consumeError(address.takeError());
    return nullptr;
  }
  return address->toPtr<void*>();
}

int Jit::at_exit(void (*function)(void*), void* argument, void* handle) {
  (*static_cast<Jit**>(handle))->exits_.push_back({function, argument});
  return 0;
}

}  // namespace roundhouse::engine::interpreter
