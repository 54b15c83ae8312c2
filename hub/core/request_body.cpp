#include "hub/core/request_body.hpp"

#include <unordered_set>

#include "shared/pack.hpp"

namespace roundhouse::hub {
namespace {

using wire::Unpacker;

Error read_ids(Unpacker& u, std::vector<TaskId>& ids) {
  const std::size_t count = u.array();
  if (count > kAnswerIdsMax)
    return {Errc::too_large, "more than " + std::to_string(kAnswerIdsMax) + " ids: ask in parts"};
  std::unordered_set<TaskId> seen;
  for (std::size_t i = 0; i < count && u.ok(); ++i) {
    const std::string_view text = u.str();
    if (!u.ok()) break;
    const auto id = parse_task_id(text);
    if (!id)
      return {Errc::invalid,
              "'" + std::string(text.substr(0, 40)) + "' is no msg_id: 32 hexadecimal digits are"};
    if (seen.insert(*id).second) ids.push_back(*id);
  }
  return {};
}

Error read_ranges(Unpacker& u, std::vector<wire::TaskRange>& ranges) {
  const std::size_t count = u.array();
  if (count > kAnswerIdsMax)
    return {Errc::too_large,
            "more than " + std::to_string(kAnswerIdsMax) + " ranges: ask in parts"};
  for (std::size_t i = 0; i < count && u.ok(); ++i) {
    if (u.array() != 2) u.fail();
    const auto first = parse_task_id(u.str());
    const auto last = parse_task_id(u.str());
    if (!u.ok()) break;
    if (!first || !last || first->session != last->session || first->sequence > last->sequence)
      return {Errc::invalid, "a range is two msg_ids of one session, the lower one first"};
    ranges.push_back({first->session, first->sequence, last->sequence});
  }
  return {};
}

Error read_key(std::string_view key, Unpacker& u, RequestBody& out) {
  if (key == "ids") return read_ids(u, out.ids);
  if (key == "ranges") return read_ranges(u, out.ranges);
  if (key == "targets" || key == "engines") {
    for (std::size_t left = u.array(); left > 0 && u.ok(); --left) out.engines.push_back(u.u32());
  } else if (key == "verbose") {
    out.verbose = u.boolean();
  } else if (key == "all") {
    out.all = u.boolean();
  } else if (key == "hub") {
    out.hub = u.boolean();
  } else if (key == "force") {
    out.force = u.boolean();
  } else if (key == "wait_ms") {
    out.wait_ms = u.u64();
  } else if (key == "signal") {
    out.signal = u.u64();
  } else if (key == "session") {
    const auto id = parse_task_id(std::string(u.str()) + "0000000000000001");
    if (!id) return {Errc::invalid, "a session has 16 hexadecimal digits"};
    out.session = id->session;
  } else if (key == "older_than_us") {
    out.older_than_us = u.u64();
  } else if (key == "policy") {
    out.policy = u.str();
  } else if (key == "offset") {
    out.offset = u.u64();
  } else if (key == "watch") {
    out.watch = u.u64();
  } else if (key == "build") {
    out.build = u.str();
  } else if (key == "of") {
    const std::string_view what = u.str();
    if (u.ok() && what != "result" && what != "arguments")
      return {Errc::invalid, "a payload is that of a 'result' or of the 'arguments'"};
    out.of = what == "arguments" ? PayloadOf::arguments : PayloadOf::result;
  } else if (key == "where") {
    auto where = parse_condition(u.one());
    if (u.ok() && !where) return where.error();
    if (u.ok()) out.where = *std::move(where);
  } else {
    u.skip();
  }
  return {};
}

}  // namespace

Result<RequestBody> read_request(const wire::Raw& body) {
  RequestBody out;
  if (body.bytes.empty()) return out;
  Unpacker u(body.bytes);
  for (std::size_t pairs = u.map(); pairs > 0 && u.ok(); --pairs) {
    const std::string_view key = u.str();
    if (!u.ok()) break;
    if (Error error = read_key(key, u, out); !error.text.empty()) return error;
  }
  if (!u.done()) return Error{Errc::malformed, "the body of the request cannot be read"};
  return out;
}

}  // namespace roundhouse::hub
