// CORE. How one value of a configuration gets from JSON into a field; for json_config.cpp alone.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "shared/json_config.hpp"

namespace roundhouse {

// Sets the field. Returns an empty text, or what the value must be ("a number", "at least 3") and
// leaves the field alone.
[[nodiscard]] std::string assign_field(const JsonConfig::Field& field, const nlohmann::json& json,
                                       const KeyRules& rules);

// What the file would have held in place of a flag's or variable's text. Text that does not fit the
// field comes back as a string, which assign_field() then refuses.
[[nodiscard]] nlohmann::json json_from_text(const JsonConfig::Field& field, std::string_view text);

}  // namespace roundhouse
