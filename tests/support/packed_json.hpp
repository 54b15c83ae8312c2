// Bodies of requests and replies as JSON, which reads better than msgpack.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace roundhouse::test {

using Json = nlohmann::json;

// {'a': 1} as msgpack; single quotes, so that it stands in a string literal.
inline std::string packed(std::string text) {
  for (char& c : text)
    if (c == '\'') c = '"';
  const std::vector<std::uint8_t> bytes = Json::to_msgpack(Json::parse(text));
  return {bytes.begin(), bytes.end()};
}

inline Json unpacked(std::string_view bytes) {
  if (bytes.empty()) return nullptr;
  return Json::from_msgpack(bytes.begin(), bytes.end());
}

// The msg_ids of an answer to `db_query`.
inline std::vector<std::string> ids_of(const Json& answer) {
  std::vector<std::string> out;
  for (const Json& record : answer.at("records")) out.push_back(record.at("msg_id"));
  return out;
}

}  // namespace roundhouse::test
