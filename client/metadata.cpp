#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "shared/time.hpp"
#include <roundhouse/metadata.hpp>

namespace roundhouse {
namespace {

template <class T>
MetadataValue known(const std::optional<T>& value) {
  return value ? MetadataValue(*value) : MetadataValue();
}

MetadataValue known(const std::string& text) {
  return text.empty() ? MetadataValue() : MetadataValue(text);
}

struct Key {
  std::string_view name;
  MetadataValue (*read)(const Metadata& md);
};

constexpr std::array<Key, 19> kKeys{{
    {"msg_id", [](const Metadata& md) { return known(md.msg_id); }},
    {"label", [](const Metadata& md) { return known(md.label); }},
    {"function", [](const Metadata& md) { return known(md.function); }},
    {"submitted", [](const Metadata& md) { return known(md.submitted); }},
    {"started", [](const Metadata& md) { return known(md.started); }},
    {"completed", [](const Metadata& md) { return known(md.completed); }},
    {"received", [](const Metadata& md) { return known(md.received); }},
    {"engine_id",
     [](const Metadata& md) {
       return md.engine_id ? MetadataValue(std::int64_t{*md.engine_id}) : MetadataValue();
     }},
    {"engine_uuid", [](const Metadata& md) { return known(md.engine_uuid); }},
    {"status", [](const Metadata& md) { return known(md.status); }},
    {"outcome", [](const Metadata& md) { return known(md.outcome); }},
    {"attempt", [](const Metadata& md) { return MetadataValue(std::int64_t{md.attempt}); }},
    {"duration", [](const Metadata& md) { return MetadataValue(md.duration); }},
    {"error", [](const Metadata& md) { return known(md.error); }},
    {"output", [](const Metadata& md) { return known(md.output); }},
    {"stdout", [](const Metadata& md) { return known(md.stdout); }},
    {"stderr", [](const Metadata& md) { return known(md.stderr); }},
    {"after", [](const Metadata& md) { return MetadataValue(md.after); }},
    {"follow", [](const Metadata& md) { return MetadataValue(md.follow); }},
}};

// Other names of the same things.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kAliases{{
    {"pyerr", "error"},
    {"pyout", "output"},
}};

struct ToText {
  std::string operator()(std::monostate) const { return {}; }

  std::string operator()(const std::string& text) const { return text; }

  std::string operator()(std::int64_t number) const { return std::to_string(number); }

  std::string operator()(UtcTime time) const {
    return to_string(WallTime{time.time_since_epoch().count()});
  }

  std::string operator()(std::chrono::nanoseconds duration) const { return to_string(duration); }

  std::string operator()(const std::vector<std::string>& list) const {
    std::string out;
    for (const std::string& each : list) out += (out.empty() ? "" : ",") + each;
    return out;
  }

  std::string operator()(const RemoteErrorInfo& error) const {
    return error.value.empty() ? error.name : error.name + ": " + error.value;
  }
};

}  // namespace

std::string to_string(const MetadataValue& value) {
  return std::visit(ToText{}, value);
}

MetadataValue Metadata::operator[](std::string_view key) const {
  for (const auto& [alias, name] : kAliases)
    if (alias == key) key = name;
  const auto* const found =
      std::find_if(kKeys.begin(), kKeys.end(), [key](const Key& each) { return each.name == key; });
  if (found == kKeys.end())
    throw std::out_of_range("there is no metadata under '" + std::string(key) + "'");
  return found->read(*this);
}

std::span<const std::string_view> Metadata::keys() {
  static constexpr auto kNames = [] {
    std::array<std::string_view, kKeys.size()> names{};
    for (std::size_t i = 0; i < names.size(); ++i) names[i] = kKeys[i].name;
    return names;
  }();
  return kNames;
}

}  // namespace roundhouse
