// Bodies of requests: nothing may crash, and a question that is understood can be put to a record.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hub/core/request_body.hpp"
#include "hub/core/task_query.hpp"
#include "shared/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace roundhouse;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)hub::read_request(wire::Raw{std::string(bytes)});
  const auto query = hub::parse_task_query(bytes);
  if (!query) return 0;
  hub::Record record;
  record.task = {SessionId{1}, 2};
  record.label = "night";
  record.submitted_us = 5;
  (void)hub::wants(*query, record);
  // Whatever it is: one of a condition and its opposite holds.
  hub::Condition opposite;
  opposite.kind = hub::Condition::Kind::none_of;
  opposite.parts.push_back(query->where);
  RH_CHECK(hub::matches(query->where, record) != hub::matches(opposite, record));
  return 0;
}
