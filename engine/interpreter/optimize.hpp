#pragma once

// SHELL. What is done to a module between the compiler and the machine code. Thread rule: a plain
// function; any thread.

#include <cstdint>

namespace llvm {
class Module;
class TargetMachine;
}  // namespace llvm

namespace roundhouse::engine::interpreter {

// `none` inlines what must be inlined, for its code is nowhere else; `full` is clang's -O2, for
// this machine.
enum class Optimization : std::uint8_t { none, full };

// What is worth it depends on the machine.
void optimize(llvm::Module& module, Optimization how, llvm::TargetMachine& machine);

}  // namespace roundhouse::engine::interpreter
