#include "files.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace survey {

namespace fs = std::filesystem;

namespace {

// Looks at the beginning of the file, as `grep` and `git` do, and counts it where it belongs.
void add(const fs::path& path, Files& files) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, 4096> head{};
  file.read(head.data(), head.size());
  if (!file.is_open() || file.bad()) {
    ++files.unreadable;
  } else if (std::string_view(head.data(), static_cast<std::size_t>(file.gcount())).find('\0') !=
             std::string_view::npos) {
    ++files.binary;
  } else {
    files.texts.push_back(path.string());
  }
}

// Symbolic links are left alone, so that there is no way round in circles.
void walk(const fs::path& folder, bool licences_only, Files& files) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code unknown;
    const fs::file_type type = entry->symlink_status(unknown).type();
    if (type == fs::file_type::directory) {
      walk(entry->path(), licences_only, files);
    } else if (type == fs::file_type::regular &&
               (!licences_only || entry->path().filename() == "copyright")) {
      add(entry->path(), files);
    }
  }
  if (error) ++files.unreadable;
}

}  // namespace

Files find_texts(const std::string& folder) {
  std::error_code error;
  const fs::path top = fs::canonical(folder, error);
  if (error || !fs::is_directory(top)) throw std::runtime_error(folder + " is not a folder");
  Files files;
  walk(top, top == kLicenceTexts, files);
  std::sort(files.texts.begin(), files.texts.end());
  return files;
}

}  // namespace survey
