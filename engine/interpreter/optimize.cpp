#include "engine/interpreter/optimize.hpp"

#include <llvm/IR/Module.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Target/TargetMachine.h>

namespace roundhouse::engine::interpreter {

void optimize(llvm::Module& module, Optimization how, llvm::TargetMachine& machine) {
  // Destroyed in the opposite order, as the analyses refer to each other.
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions tuning;
  tuning.SLPVectorization = true;  // as clang has it
  llvm::PassBuilder passes(&machine, tuning);
  passes.registerModuleAnalyses(modules);
  passes.registerCGSCCAnalyses(components);
  passes.registerFunctionAnalyses(functions);
  passes.registerLoopAnalyses(loops);
  passes.crossRegisterProxies(loops, functions, components, modules);
  llvm::ModulePassManager pipeline =
      how == Optimization::none ? passes.buildO0DefaultPipeline(llvm::OptimizationLevel::O0)
                                : passes.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2);
  pipeline.run(module, modules);
}

}  // namespace roundhouse::engine::interpreter
