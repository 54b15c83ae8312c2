// CORE. Configuration: names bound to the fields of a struct, filled from a file of JSON with
// comments, from the environment and from flags, in this order, so that
// flag > environment > file > default.
//
//   HubConfig config;                                     // its initializers are the defaults
//   JsonConfig table("ROUNDHOUSE_HUB_");
//   table.key("heartbeat_timeout", config.heartbeat_timeout, {.min = 0.1});
//   table.key("store.kind", config.store, {.choices = {"sqlite", "memory", "none"}});
//   auto loaded = table.load(path, {{"store.kind", "memory"}});    // file, environment, flags
//
// "store.kind" is {"store": {"kind": ...}} in the file, ROUNDHOUSE_HUB_STORE_KIND in the
// environment and --set store.kind=... or a flag of its own on the command line.
//
// Nothing is guessed: an unknown key, a key given twice and a value of the wrong kind or out of
// range are errors, which name the file and line, and the nearest known key. Durations are written
// with their unit ("500ms", "3s", "5min", "1h"), sizes as numbers or with one ("64KiB", "16MiB").
//
// The fields must outlive the table. Not thread-safe. Throws nothing, but what cannot happen at run
// time (two keys of one name) is a check.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "shared/time.hpp"
#include <roundhouse/result.hpp>

namespace roundhouse {

inline constexpr std::size_t kConfigFileBytesMax = 1024 * 1024;

// What a value must keep to, beyond its type.
struct KeyRules {
  std::vector<std::string> choices{};  // for text: one of these; empty: anything
  std::optional<double> min{};         // for numbers; for durations in seconds
  std::optional<double> max{};
};

class JsonConfig {
 public:
  using Field = std::variant<bool*, std::int32_t*, std::uint32_t*, std::int64_t*, std::uint64_t*,
                             double*, std::string*, std::vector<std::string>*, Duration*>;
  using Settings = std::vector<std::pair<std::string, std::string>>;

  // `environment_prefix`: what the names of this table's variables begin with; empty: none are
  // read.
  explicit JsonConfig(std::string environment_prefix = {});

  // Binds `name` (words of a-z, 0-9 and '_', with '.' between levels) to a field.
  void key(std::string name, Field field, KeyRules rules = {});

  template <class T>
  void key(std::string name, T& field, KeyRules rules = {}) {
    key(std::move(name), Field(&field), std::move(rules));
  }

  // Everything, in the order of precedence: the file (none when `path` is empty), the environment,
  // `flags`. Stops at the first error, a `config`; fields set until then stay set.
  [[nodiscard]] Result<void> load(const std::string& path, const Settings& flags = {});

  // The single steps. `where` names the text in errors: a path, usually.
  [[nodiscard]] Result<void> load_text(std::string_view text, const std::string& where);
  [[nodiscard]] Result<void> load_environment();
  // One value from text, as in a flag: "true", "3", "500ms", "a,b,c" for a list.
  [[nodiscard]] Result<void> set(std::string_view name, std::string_view value,
                                 const std::string& where);

  // All names, sorted.
  [[nodiscard]] std::vector<std::string> keys() const;

  // The variable for a key: prefix, capitals, '_' for '.'.
  [[nodiscard]] std::string variable(std::string_view name) const;

  // The present value of every field as JSON that load_text() reads, in order of binding.
  [[nodiscard]] std::string to_json() const;

 private:
  struct Key {
    std::string name;
    Field field;
    KeyRules rules;
  };

  [[nodiscard]] const Key* find(std::string_view name) const;
  [[nodiscard]] bool is_level(std::string_view name) const;
  [[nodiscard]] std::string unknown(std::string_view name) const;

  std::string prefix_;
  std::vector<Key> keys_;
};

}  // namespace roundhouse
