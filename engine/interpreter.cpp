#include "engine/interpreter.hpp"

#include <filesystem>
#include <utility>

#include <dlfcn.h>

namespace roundhouse::engine {

namespace {

constexpr const char* kFile = "libroundhouse-interpreter.so";

// Beside bin/, where builds and installations have it; else where the dynamic linker looks.
std::string usual_path() {
  std::error_code failed;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (failed) return kFile;
  const auto prefix = program.parent_path().parent_path();
  for (const char* folder : {RH_LIBRARY_FOLDER, "lib"}) {
    const auto path = prefix / folder / kFile;
    if (std::filesystem::exists(path, failed)) return path.string();
  }
  return kFile;
}

}  // namespace

InterpreterLibrary::InterpreterLibrary(std::string path)
    : path_(path.empty() ? usual_path() : std::move(path)) {}

void* InterpreterLibrary::find(const char* entry, std::string& error) {
  if (library_ == nullptr) library_ = ::dlopen(path_.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library_ == nullptr) {
    const char* why = ::dlerror();
    error =
        "this engine cannot compile source: install the package roundhouse-interpreter, or "
        "build Roundhouse where libclang-19-dev and llvm-19-dev are installed (";
    error.append(why == nullptr ? "unknown" : why).append(")");
    return nullptr;
  }
  void* const out = ::dlsym(library_, entry);
  if (out == nullptr) error = path_ + " is no interpreter of Roundhouse, or one of another version";
  return out;
}

std::unique_ptr<Interpreter> InterpreterLibrary::make(NamedObjects& names, EngineApi& engine,
                                                      std::string& error) {
  const auto entry = reinterpret_cast<InterpreterEntry>(find(kInterpreterEntry, error));
  if (entry == nullptr) return nullptr;
  return std::unique_ptr<Interpreter>(entry(kInterpreterAbi, names, engine, error));
}

std::unique_ptr<LambdaCompiler> InterpreterLibrary::make_lambdas(EngineApi& engine,
                                                                 std::string& error) {
  const auto entry = reinterpret_cast<LambdasEntry>(find(kLambdasEntry, error));
  if (entry == nullptr) return nullptr;
  return std::unique_ptr<LambdaCompiler>(entry(kInterpreterAbi, engine, error));
}

}  // namespace roundhouse::engine
