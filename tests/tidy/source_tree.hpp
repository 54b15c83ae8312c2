// The repository's own files, read once, for the rules of tidy_test.cpp.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace roundhouse::tidy {

// A file by its path from the root of the repository, with its text and its lines.
struct File {
  std::string path;
  std::string text;
  std::vector<std::string> lines;

  File(std::string name, std::string contents) : path(std::move(name)), text(std::move(contents)) {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      lines.push_back(text.substr(at, end - at));
      at = end + 1;
    }
  }

  [[nodiscard]] bool in(std::string_view folder) const { return path.starts_with(folder); }

  [[nodiscard]] bool is_header() const { return path.ends_with(".hpp"); }

  [[nodiscard]] bool is_code() const { return path.ends_with(".cpp") || is_header(); }

  // "router" for "hub/core/router.cpp".
  [[nodiscard]] std::string stem() const { return std::filesystem::path(path).stem().string(); }

  // "hub" for "hub/core/router.cpp".
  [[nodiscard]] std::string module() const { return path.substr(0, path.find('/')); }
};

using Files = std::vector<File>;

inline const File* find(const Files& files, std::string_view path) {
  const auto found = std::ranges::find(files, path, &File::path);
  return found == files.end() ? nullptr : &*found;
}

// What one line includes: "zmq.hpp" and whether it was written in quotes.
struct Include {
  std::string name;
  bool quoted = false;
};

// Nothing (an empty name) for a line that includes nothing.
inline Include include_of(std::string_view line) {
  constexpr std::string_view kStart = "#include ";
  if (!line.starts_with(kStart) || line.size() < kStart.size() + 3) return {};
  const std::string_view rest = line.substr(kStart.size());
  const char close = rest[0] == '"' ? '"' : '>';
  const std::size_t end = rest.find(close, 1);
  if (end == std::string_view::npos) return {};
  return {std::string(rest.substr(1, end - 1)), close == '"'};
}

// Every text file that we wrote, sorted by path. The corpora of the fuzz targets are anything but
// text.
inline Files read_tree(const std::string& root) {
  namespace fs = std::filesystem;
  Files files;
  const auto add = [&](const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    files.emplace_back(fs::relative(path, root).string(),
                       std::string{std::istreambuf_iterator<char>(file), {}});
  };
  for (const char* folder :
       {"hub", "engine", "client", "shared", "cli", "tests", "config", ".ci"}) {
    if (!fs::exists(fs::path(root) / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(root) / folder)) {
      const std::string path = entry.path().string();
      if (entry.is_regular_file() && path.find("/fuzz/corpus/") == std::string::npos) {
        add(entry.path());
      }
    }
  }
  for (const auto& entry : fs::directory_iterator(root)) {
    const std::string extension = entry.path().extension().string();
    const bool ours = extension == ".md" || extension == ".txt" || extension == ".json" ||
                      entry.path().filename() == "dev";
    if (entry.is_regular_file() && ours) add(entry.path());
  }
  std::ranges::sort(files, {}, &File::path);
  return files;
}

}  // namespace roundhouse::tidy
