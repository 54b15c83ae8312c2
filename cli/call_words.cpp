#include "cli/call_words.hpp"

#include <algorithm>
#include <utility>

#include "cli/commands.hpp"
#include "cli/json_value.hpp"
#include "cli/named_types.hpp"

namespace roundhouse::cli {

namespace {

// Well below what a body may be: it may hold the value in lists.
constexpr int kDepthMax = 32;

void encode(detail::Encoder& out, const Json& value) {
  detail::Codec<JsonValue>::encode(out, {value});
}

// The name before '=' of "rate=0.5"; empty when the word is something else.
std::string_view keyword_of(std::string_view word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos || !is_name(word.substr(0, equals))) return {};
  return word.substr(0, equals);
}

// The same, but what begins as JSON must be JSON.
Json parse_argument(std::string_view word) {
  Json value = parse_word(word);
  constexpr std::string_view kBegins = "[{\"";
  if (!word.empty() && kBegins.find(word.front()) != std::string_view::npos && value.is_string() &&
      value.get_ref<const std::string&>() == word)
    throw UsageError("'" + std::string(word.substr(0, 60)) +
                     "' begins as JSON and is none; if it is meant as a text, write it as one: " +
                     json_line(std::string(word.substr(0, 20))));
  return value;
}

void put_keywords(detail::Encoder& out, const Json& members) {
  const std::vector<std::uint8_t> map = Json::to_msgpack(members);
  out.keywords({reinterpret_cast<const char*>(map.data()), map.size()});
}

}  // namespace

Json parse_word(std::string_view word) {
  bool deep = false;
  Json value = Json::parse(
      word,
      [&deep](int depth, Json::parse_event_t, Json&) {
        deep = deep || depth > kDepthMax;
        return true;
      },
      false);
  if (deep) throw UsageError("JSON that is nested more than 32 deep cannot be an argument");
  return value.is_discarded() ? Json(std::string(word)) : value;
}

Encoded encode_words(const std::vector<std::string>& words) {
  Json keywords = Json::object();
  std::vector<std::string_view> positional;
  for (const std::string_view word : words) {
    const std::string_view name = keyword_of(word);
    if (name.empty()) {
      if (!keywords.empty())
        throw UsageError("'" + std::string(word) +
                         "' stands behind arguments by name, which come last");
      positional.push_back(word);
      continue;
    }
    if (keywords.contains(name)) throw UsageError("'" + std::string(name) + "' is given twice");
    keywords[std::string(name)] = parse_argument(word.substr(name.size() + 1));
  }
  Encoded out;
  detail::Encoder encoder(out);
  encoder.list(positional.size() + (keywords.empty() ? 0 : 1));
  for (const std::string_view word : positional) {
    if (word.size() > 1 && word.front() == '@') {
      encoder.reference({}, word.substr(1));
      continue;
    }
    const Json value = parse_argument(word);
    if (value.is_object())  // of a struct as well as of a map; a struct refuses unknown names
      put_keywords(encoder, value);
    else
      encode(encoder, value);
  }
  if (!keywords.empty()) put_keywords(encoder, keywords);
  return out;
}

Sequences::Sequences(const std::vector<std::string>& words, Lines lines)
    : lines_(std::move(lines)) {
  for (const std::string& word : words) {
    if (word == "-") {
      if (!std::ranges::all_of(lists_, [](const auto& list) { return list.has_value(); }))
        throw UsageError("standard input ('-') can be only one of the sequences");
      lists_.emplace_back();
      continue;
    }
    Json list = parse_argument(word);
    if (!list.is_array())
      throw UsageError("'" + word.substr(0, 60) +
                       "' is no sequence: a JSON list such as [1,2,3] is, and '-' for the lines "
                       "of standard input");
    lists_.emplace_back(std::move(list));
  }
  if (lists_.empty())
    throw UsageError("map over what? A JSON list, or '-' for the lines of standard input");
}

std::optional<Json> Sequences::take(std::size_t sequence) {
  const std::optional<Json>& list = lists_[sequence];
  if (list) {
    if (taken_ >= list->size()) return std::nullopt;
    return (*list)[taken_];
  }
  const std::optional<std::string> line = lines_();
  if (!line) return std::nullopt;
  return parse_word(*line);
}

std::optional<Sequences::Piece> Sequences::next(std::size_t size) {
  std::vector<Json> columns(lists_.size(), Json::array());
  Piece piece{taken_, 0, {}};
  while (!over_ && piece.size < size) {
    // Lists first, so that no line is read that nothing else has an element for.
    for (const bool of_lines : {false, true}) {
      for (std::size_t i = 0; i < lists_.size() && !over_; ++i) {
        if (lists_[i].has_value() == of_lines) continue;
        std::optional<Json> element = take(i);
        over_ = !element;
        if (element) columns[i].push_back(*std::move(element));
      }
    }
    if (over_) break;
    ++piece.size, ++taken_;
  }
  if (piece.size == 0) return std::nullopt;
  detail::Encoder encoder(piece.arguments);
  encoder.list(columns.size());
  for (Json& column : columns) {
    while (column.size() > piece.size) column.erase(column.size() - 1);  // of a row that broke off
    encode(encoder, column);
  }
  return piece;
}

}  // namespace roundhouse::cli
