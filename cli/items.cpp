#include "cli/items.hpp"

#include <algorithm>
#include <charconv>

namespace roundhouse::cli {
namespace {

constexpr std::string_view kPlace = "{}";

bool take_number(std::string_view& text, std::uint64_t& out) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out);
  if (parsed.ec != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  return true;
}

bool take(std::string_view& text, char what) {
  if (!text.starts_with(what)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<Numbers> Numbers::parse(std::string_view text) {
  Numbers out;
  do {
    Range range;
    if (!take_number(text, range.first)) return std::nullopt;
    range.last = range.first;
    if (take(text, '-')) {
      if (!take_number(text, range.last) || range.last < range.first) return std::nullopt;
      if (take(text, ':') && (!take_number(text, range.step) || range.step == 0))
        return std::nullopt;
    }
    out.ranges_.push_back(range);
  } while (take(text, ','));
  return text.empty() ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<std::uint64_t> Numbers::next() {
  if (at_ == ranges_.size()) return std::nullopt;
  const Range& range = ranges_[at_];
  if (!now_) return now_ = range.first;
  if (range.last - *now_ >= range.step) return *now_ += range.step;
  ++at_;
  now_.reset();
  return next();
}

std::vector<std::string> fill_in(const std::vector<std::string>& words, const std::string& item) {
  std::vector<std::string> out;
  bool found = false;
  for (const std::string& word : words) {
    std::string& filled = out.emplace_back();
    std::size_t from = 0;
    for (std::size_t at = 0; (at = word.find(kPlace, from)) != std::string::npos;) {
      filled.append(word, from, at - from).append(item);
      from = at + kPlace.size();
      found = true;
    }
    filled.append(word, from);
  }
  if (!found) out.push_back(item);
  return out;
}

std::vector<std::string> take_program(std::vector<std::string>& line) {
  const auto end = std::find(line.begin(), line.end(), "--");
  auto command = line.begin();
  while (command != end && command->starts_with('-'))
    command += *command == "--cluster" && command + 1 != end ? 2 : 1;
  if (end == line.end() || command == end || *command != "submit") return {};
  std::vector<std::string> program(end + 1, line.end());
  line.erase(end, line.end());
  return program;
}

}  // namespace roundhouse::cli
