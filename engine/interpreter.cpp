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

std::unique_ptr<Interpreter> InterpreterLibrary::make(NamedObjects& names, EngineApi& engine,
                                                      std::string& error) {
  if (entry_ == nullptr) {
    void* library = ::dlopen(path_.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      const char* why = ::dlerror();
      error =
          "this engine cannot compile source: install the package roundhouse-interpreter, or "
          "build Roundhouse where libclang-19-dev and llvm-19-dev are installed (";
      error.append(why == nullptr ? "unknown" : why).append(")");
      return nullptr;
    }
    entry_ = reinterpret_cast<InterpreterEntry>(::dlsym(library, kInterpreterEntry));
    if (entry_ == nullptr) {
      error = path_ + " is no interpreter of Roundhouse";
      return nullptr;
    }
  }
  return std::unique_ptr<Interpreter>(entry_(kInterpreterAbi, names, engine, error));
}

}  // namespace roundhouse::engine
