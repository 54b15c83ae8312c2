// Which files there are to survey.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace survey {

struct Files {
  std::vector<std::string> texts;  // absolute paths, sorted
  std::size_t binary = 0;          // left out, because a zero byte is in them
  std::size_t unreadable = 0;      // left out, because they, or their folder, may not be read
};

// The texts that every Debian has: what stands under which licence.
inline constexpr const char* kLicenceTexts = "/usr/share/doc";

// Every regular text file below `folder`; below kLicenceTexts only those named "copyright".
// Symbolic links are not followed. Throws std::runtime_error when `folder` is none.
Files find_texts(const std::string& folder);

}  // namespace survey
