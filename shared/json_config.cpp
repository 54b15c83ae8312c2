#include "shared/json_config.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <numeric>
#include <set>

#include <nlohmann/json.hpp>

#include "shared/check.hpp"
#include "shared/config_field.hpp"

namespace roundhouse {

namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

constexpr int kDepthMax = 16;

// Counts the lines that the parser has read; an iterator, because that is what it reads from.
struct LineCounting {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  const char* at;
  int* line;

  const char& operator*() const { return *at; }

  LineCounting& operator++() {
    if (*at == '\n') ++*line;
    ++at;
    return *this;
  }

  bool operator==(const LineCounting& other) const { return at == other.at; }

  bool operator!=(const LineCounting& other) const { return at != other.at; }
};

struct Document {
  Json json;
  std::map<std::string, int, std::less<>> lines;  // of each key, by its whole name
  std::string problem;
};

std::string join(const std::vector<std::string>& path, std::size_t depth) {
  std::string whole;
  for (std::size_t i = 0; i < depth && i < path.size(); ++i) {
    whole += (i == 0 ? "" : ".") + path[i];
  }
  return whole;
}

Document parse_document(std::string_view text) {
  Document document;
  std::vector<std::string> path;
  int line = 1;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > kDepthMax && document.problem.empty()) {
      document.problem = "line " + std::to_string(line) + ": nested too deeply";
    }
    if (event != Json::parse_event_t::key || !document.problem.empty()) return true;
    const auto level = static_cast<std::size_t>(depth);
    path.resize(level);
    path[level - 1] = parsed.get<std::string>();
    const std::string whole = join(path, level);
    if (const auto [place, fresh] = document.lines.emplace(whole, line); !fresh) {
      document.problem = "line " + std::to_string(line) + ": \"" + whole +
                         "\" is there twice, first in line " + std::to_string(place->second);
    }
    return true;
  };
  // One catch for a library that throws; what it says goes to the caller as a value.
  try {
    document.json = Json::parse(LineCounting{text.data(), &line},
                                LineCounting{text.data() + text.size(), &line}, watch, true, true);
    if (document.problem.empty() && !document.json.is_object()) {
      document.problem = "must be one object in braces";
    }
  } catch (const Json::exception& e) {
    const std::string what = e.what();
    const std::size_t prefix = what.find("] ");
    document.problem = prefix == std::string::npos ? what : what.substr(prefix + 2);
  }
  return document;
}

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = std::exchange(row[j + 1], std::min({row[j] + 1, row[j + 1] + 1, replaced}));
    }
  }
  return row.back();
}

// A key of the file that is not a level with keys of its own.
struct Entry {
  std::string name;  // from the top, with dots
  bool dotted;       // written with a dot in it, which no key is
  const Json* value;
};

void list_entries(const Json& object, const std::string& level,
                  const std::function<bool(const std::string&)>& is_level,
                  std::vector<Entry>& entries) {
  for (const auto& [name, value] : object.items()) {
    const std::string whole = level.empty() ? name : level + "." + name;
    if (value.is_object() && is_level(whole)) {
      list_entries(value, whole, is_level, entries);
    } else {
      entries.push_back({whole, name.find('.') != std::string::npos, &value});
    }
  }
}

std::string must_be(std::string_view name, const std::string& wanted, const std::string& is) {
  return "\"" + std::string(name) + "\" must be " + wanted + ", not " + is;
}

Error config_error(const std::string& where, const std::string& text) {
  return {Errc::config, where + ": " + text};
}

}  // namespace

JsonConfig::JsonConfig(std::string environment_prefix) : prefix_(std::move(environment_prefix)) {}

void JsonConfig::key(std::string name, Field field, KeyRules rules) {
  RH_CHECK_MSG(find(name) == nullptr && !is_level(name), "a second key named " + name);
  keys_.push_back({std::move(name), field, std::move(rules)});
}

Result<void> JsonConfig::load(const std::string& path, const Settings& flags) {
  if (!path.empty()) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return config_error(path, "cannot be read");
    std::string text(kConfigFileBytesMax + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad()) return config_error(path, "cannot be read");
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (auto loaded = load_text(text, path); !loaded) return loaded;
  }
  if (auto loaded = load_environment(); !loaded) return loaded;
  for (const auto& [name, value] : flags) {
    if (auto done = set(name, value, "command line"); !done) return done;
  }
  return {};
}

Result<void> JsonConfig::load_text(std::string_view text, const std::string& where) {
  if (text.size() > kConfigFileBytesMax) {
    return config_error(where, "is larger than " + std::to_string(kConfigFileBytesMax) + " bytes");
  }
  const Document document = parse_document(text);
  if (!document.problem.empty()) return config_error(where, document.problem);
  std::vector<Entry> entries;
  list_entries(
      document.json, {}, [&](const std::string& name) { return is_level(name); }, entries);
  for (const Entry& entry : entries) {
    const auto line = document.lines.find(entry.name);
    const std::string place =
        line == document.lines.end() ? where : where + " line " + std::to_string(line->second);
    const Key* key = entry.dotted ? nullptr : find(entry.name);
    if (key == nullptr && is_level(entry.name)) {
      return config_error(place, must_be(entry.name, "an object in braces", entry.value->dump()));
    }
    if (key == nullptr) return config_error(place, unknown(entry.name));
    const std::string wanted = assign_field(key->field, *entry.value, key->rules);
    if (!wanted.empty()) {
      return config_error(place, must_be(entry.name, wanted, entry.value->dump()));
    }
  }
  return {};
}

Result<void> JsonConfig::load_environment() {
  if (prefix_.empty()) return {};
  for (const Key& key : keys_) {
    const std::string name = variable(key.name);
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') continue;
    if (auto done = set(key.name, value, "environment variable " + name); !done) return done;
  }
  return {};
}

Result<void> JsonConfig::set(std::string_view name, std::string_view value,
                             const std::string& where) {
  const Key* key = find(name);
  if (key == nullptr) return config_error(where, unknown(name));
  const Json json = json_from_text(key->field, value);
  const std::string wanted = assign_field(key->field, json, key->rules);
  if (wanted.empty()) return {};
  return config_error(where, must_be(key->name, wanted, Json(value).dump()));
}

std::vector<std::string> JsonConfig::keys() const {
  std::vector<std::string> names;
  for (const Key& key : keys_) names.push_back(key.name);
  std::ranges::sort(names);
  return names;
}

std::string JsonConfig::variable(std::string_view name) const {
  std::string whole = prefix_;
  for (const char c : name) {
    whole += c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return whole;
}

std::string JsonConfig::to_json() const {
  OrderedJson json = OrderedJson::object();
  for (const Key& key : keys_) {
    OrderedJson* place = &json;
    std::string_view rest = key.name;
    for (std::size_t dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
      place = &(*place)[std::string(rest.substr(0, dot))];
      rest.remove_prefix(dot + 1);
    }
    OrderedJson& value = (*place)[std::string(rest)];
    if (const auto* duration = std::get_if<Duration*>(&key.field)) {
      value = to_string(**duration);
    } else {
      std::visit(
          [&](auto* target) {
            if constexpr (!std::is_same_v<decltype(target), Duration*>) value = *target;
          },
          key.field);
    }
  }
  return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

const JsonConfig::Key* JsonConfig::find(std::string_view name) const {
  const auto found = std::ranges::find(keys_, name, &Key::name);
  return found == keys_.end() ? nullptr : &*found;
}

bool JsonConfig::is_level(std::string_view name) const {
  return std::ranges::any_of(keys_, [&](const Key& key) {
    return key.name.size() > name.size() && key.name.starts_with(name) &&
           key.name[name.size()] == '.';
  });
}

std::string JsonConfig::unknown(std::string_view name) const {
  std::string text = "unknown key \"" + std::string(name) + "\"";
  std::string_view nearest;
  std::size_t best = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const Key& key : keys_) {
    if (const std::size_t away = distance(name, key.name); away < best) {
      best = away;
      nearest = key.name;
    }
  }
  if (!nearest.empty()) return text + "; did you mean \"" + std::string(nearest) + "\"?";
  text += "; known are";
  for (const std::string& key : keys()) text += " " + key;
  return text;
}

}  // namespace roundhouse
