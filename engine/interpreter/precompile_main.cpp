// roundhouse-precompile FOLDER: what the build runs to make the files of precompiled.hpp there, and
// with them roundhouse-interpreter.d, a rule of `make` that says of which headers.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "engine/interpreter/precompiled.hpp"

int main(int count, char** words) {
  using namespace roundhouse::engine::interpreter;
  if (count != 2) {
    std::fputs("usage: roundhouse-precompile FOLDER\n", stderr);
    return 2;
  }
  try {
    const std::filesystem::path folder(words[1]);
    const auto in_folder = [&](Optimization how) {
      return folder / std::filesystem::path(precompiled_file(how)).filename();
    };
    std::set<std::string> headers;
    for (const Optimization how : {Optimization::none, Optimization::full})
      for (std::string& header : precompile(how, in_folder(how))) headers.insert(std::move(header));
    std::ofstream rule(folder / "roundhouse-interpreter.d");
    rule << in_folder(Optimization::none).string() << ':';
    for (const std::string& header : headers) rule << " \\\n  " << header;
    if (!(rule << '\n').flush())
      throw std::runtime_error("cannot write what the files are made of");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "roundhouse-precompile: %s\n", error.what());
    return 1;
  }
  return 0;
}
