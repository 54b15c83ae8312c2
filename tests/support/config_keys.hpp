// The keys that a file of the configuration really has, as JsonConfig names them.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/support/temp_dir.hpp"

namespace roundhouse::test {

inline void collect_keys(const nlohmann::json& level, const std::string& above,
                         std::vector<std::string>& keys) {
  for (const auto& [name, value] : level.items()) {
    if (value.is_object())
      collect_keys(value, above + name + ".", keys);
    else
      keys.push_back(above + name);
  }
}

// Sorted, as JsonConfig::keys().
inline std::vector<std::string> keys_of_file(const std::string& path) {
  std::vector<std::string> keys;
  collect_keys(nlohmann::json::parse(read_file(path), nullptr, true, true), "", keys);
  std::ranges::sort(keys);
  return keys;
}

}  // namespace roundhouse::test
