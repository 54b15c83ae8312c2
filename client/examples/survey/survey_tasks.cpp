#include "survey_tasks.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <unordered_map>

#include <roundhouse/task.hpp>

namespace survey {

namespace {

constexpr std::size_t kCommonestMax = 10;
constexpr std::size_t kWordLettersMin = 4;  // shorter ones say little about a text

// What is beyond ASCII is taken for letters: UTF-8 has no other bytes in the words of any language.
bool is_letter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80U || std::isalpha(byte) != 0;
}

// Of UTF-8: every byte but those that continue a letter.
std::size_t count_letters(std::string_view word) {
  return static_cast<std::size_t>(std::count_if(word.begin(), word.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
  }));
}

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad())
    throw std::runtime_error("cannot read " + path + ": " + std::strerror(errno));
  return text;
}

// Calls `use` with each run of letters.
template <class Use>
void for_each_word(std::string_view text, Use use) {
  for (auto at = text.begin(); at != text.end();) {
    const auto first = std::find_if(at, text.end(), is_letter);
    at = std::find_if_not(first, text.end(), is_letter);
    if (first != at) use(std::string_view(first, at));
  }
}

std::vector<std::pair<std::string, std::uint64_t>> commonest(
    const std::unordered_map<std::string, std::uint64_t>& counts) {
  std::vector<std::pair<std::string, std::uint64_t>> out(counts.begin(), counts.end());
  const auto before = [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  };
  const auto some = out.begin() + static_cast<long>(std::min(out.size(), kCommonestMax));
  std::partial_sort(out.begin(), some, out.end(), before);
  out.erase(some, out.end());
  return out;
}

}  // namespace

Survey survey_file(const std::string& path) {
  const std::string text = read(path);
  Survey survey{.path = path, .bytes = text.size(), .commonest = {}};
  survey.lines = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
  std::unordered_map<std::string, std::uint64_t> counts;
  std::string lower;
  for_each_word(text, [&](std::string_view word) {
    ++survey.words;
    if (count_letters(word) < kWordLettersMin) return;
    lower.assign(word);
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    ++counts[lower];
  });
  survey.commonest = commonest(counts);
  return survey;
}

void square_in_place(const std::string& name) {
  for (double& x : roundhouse::this_engine::get<std::vector<double>>(name)) x *= x;
}

RH_TASK(survey_file)
RH_TASK(square_in_place)

}  // namespace survey
