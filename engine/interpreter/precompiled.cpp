#include "engine/interpreter/precompiled.hpp"

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <vector>

#include <clang/Frontend/CompilerInstance.h>
#include <clang/Frontend/FrontendActions.h>
#include <clang/Frontend/Utils.h>
#include <clang/Interpreter/Interpreter.h>
#include <clang/Lex/PreprocessorOptions.h>
#include <dlfcn.h>

#include "engine/interpreter/preamble.hpp"

namespace roundhouse::engine::interpreter {

namespace {

// This library, or the program that it is part of.
std::filesystem::path own_folder() {
  Dl_info self{};
  if (::dladdr(reinterpret_cast<const void*>(&own_folder), &self) == 0) return {};
  return std::filesystem::path(self.dli_fname).parent_path();
}

// Where Roundhouse's headers are: installed beside this library, or in the tree it was built in.
std::vector<std::string> header_folders() {
  std::error_code failed;
  for (auto folder = own_folder(); folder.has_relative_path(); folder = folder.parent_path()) {
    if (std::filesystem::exists(folder / "include/roundhouse/task.hpp", failed))
      return {(folder / "include").string()};
  }
  return {kHeaderFolders.begin(), kHeaderFolders.end()};
}

std::vector<std::string> arguments(Optimization how) {
  std::vector<std::string> out{"-std=c++20",
                               "-fPIC",
                               how == Optimization::none ? "-O0" : "-O2",
                               "-resource-dir",
                               kResourceFolder,
                               "-Wall",
                               "-Wno-unused",
                               "-Wno-unused-value",
                               "-Xclang",
                               "-fpch-instantiate-templates",
                               "-DMSGPACK_NO_BOOST",
                               "-DMSGPACK_DEFAULT_API_VERSION=3"};
  for (const std::string& folder : header_folders()) {
    out.emplace_back("-isystem");
    out.push_back(folder);
  }
  return out;
}

// Of no folder of this machine.
constexpr const char* kName = "/roundhouse";

// Clang compares macros, and headers, but not the text itself, nor whether it would find the same
// headers now.
void note_origin(clang::CompilerInstance& instance) {
  std::string headers;
  for (const auto& entry : instance.getHeaderSearchOpts().UserEntries) {
    std::error_code failed;
    const auto folder = std::filesystem::weakly_canonical(entry.Path, failed);
    if (headers.empty() && folder.parent_path().filename() == "c++") headers = folder.string();
  }
  instance.getPreprocessorOpts().addMacroDef("ROUNDHOUSE_ORIGIN=\"" + headers + " " +
                                             kPreambleHash + "\"");
}

// Those that the text includes.
class Headers final : public clang::DependencyCollector {
 public:
  bool needSystemDependencies() override { return true; }

  bool sawDependency(llvm::StringRef file, bool from_module, bool is_system, bool is_module_file,
                     bool is_missing) override {
    return file != kName && clang::DependencyCollector::sawDependency(file, from_module, is_system,
                                                                      is_module_file, is_missing);
  }
};

}  // namespace

std::unique_ptr<clang::CompilerInstance> make_instance(Optimization how) {
  const std::vector<std::string> words = arguments(how);
  std::vector<const char*> pointers;
  pointers.reserve(words.size());
  for (const std::string& word : words) pointers.push_back(word.c_str());
  clang::IncrementalCompilerBuilder builder;
  builder.SetCompilerArgs(pointers);
  auto made = builder.CreateCpp();
  if (!made) throw std::runtime_error(llvm::toString(made.takeError()));
  note_origin(**made);
  return std::move(*made);
}

std::string precompiled_file(Optimization how) {
  return own_folder() / (how == Optimization::none ? "roundhouse-interpreter-O0.pch"
                                                   : "roundhouse-interpreter-O2.pch");
}

std::vector<std::string> precompile(Optimization how, const std::string& file) {
  const auto instance = make_instance(how);
  const std::string text = std::string("# 1 \"roundhouse\"\n") + kPreamble;
  instance->getPreprocessorOpts().addRemappedFile(
      kName, llvm::MemoryBuffer::getMemBufferCopy(text, kName).release());
  clang::FrontendOptions& options = instance->getFrontendOpts();
  options.Inputs.clear();
  options.Inputs.emplace_back(kName, clang::Language::CXX);
  options.ProgramAction = clang::frontend::GeneratePCH;
  options.OutputFile = file;
  const auto headers = std::make_shared<Headers>();
  instance->addDependencyCollector(headers);
  clang::GeneratePCHAction action;
  if (!instance->ExecuteAction(action)) throw std::runtime_error("cannot make " + file);
  return {headers->getDependencies().begin(), headers->getDependencies().end()};
}

}  // namespace roundhouse::engine::interpreter
