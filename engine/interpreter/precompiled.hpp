#pragma once

// SHELL. The text that code begins with, compiled when Roundhouse was built: what an interpreter
// reads in a tenth of the time. Thread rule: any thread.

#include <memory>
#include <string>
#include <vector>

#include "engine/interpreter/optimize.hpp"

namespace clang {
class CompilerInstance;
}  // namespace clang

namespace roundhouse::engine::interpreter {

// A compiler for code, which has read nothing yet. Throws std::runtime_error when there can be
// none.
[[nodiscard]] std::unique_ptr<clang::CompilerInstance> make_instance(Optimization how);

// Where the compiled text is: beside this library, if anywhere.
[[nodiscard]] std::string precompiled_file(Optimization how);

// Makes such a file, and returns the headers that it is made of. Throws
// std::runtime_error when the text is wrong, or the file cannot be written.
std::vector<std::string> precompile(Optimization how, const std::string& file);

}  // namespace roundhouse::engine::interpreter
