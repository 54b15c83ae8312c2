#include "cli/by_engine.hpp"

#include <algorithm>
#include <cstddef>
#include <map>

namespace roundhouse::cli {

std::string engine_set(const std::vector<int>& engines) {
  std::string out;
  for (std::size_t i = 0; i < engines.size();) {
    std::size_t end = i + 1;
    while (end < engines.size() && engines[end] == engines[end - 1] + 1) ++end;
    if (!out.empty()) out += ',';
    out += std::to_string(engines[i]);
    if (end - i > 1) out += '-' + std::to_string(engines[end - 1]);
    i = end;
  }
  return out;
}

std::string engines_named(const std::vector<int>& engines) {
  return (engines.size() == 1 ? "engine " : "engines ") + engine_set(engines);
}

std::vector<Said> by_text(const std::vector<std::pair<int, std::string>>& texts) {
  std::vector<Said> out;
  std::map<std::string_view, std::size_t> places;
  for (const auto& [engine, text] : texts) {
    const auto [place, is_new] = places.try_emplace(text, out.size());
    if (is_new) out.push_back({{}, text});
    out[place->second].engines.push_back(engine);
  }
  return out;
}

std::string labelled(std::string_view label, const std::vector<Said>& said) {
  std::vector<std::string> labels;
  std::size_t width = 0;
  for (const Said& each : said) {
    labels.push_back(std::string(label) + '[' + engine_set(each.engines) + "]:");
    if (each.text.find('\n') == std::string::npos) width = std::max(width, labels.back().size());
  }
  std::string out;
  for (std::size_t i = 0; i < said.size(); ++i) {
    const std::string& text = said[i].text;
    if (text.find('\n') == std::string::npos) {
      labels[i].resize(std::max(width, labels[i].size()), ' ');
      out += labels[i] + ' ' + text + '\n';
    } else {
      out += labels[i] + '\n' + text + (text.ends_with('\n') ? "" : "\n");
    }
  }
  return out;
}

}  // namespace roundhouse::cli
