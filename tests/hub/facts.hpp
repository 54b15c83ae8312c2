// Facts for the tests of stores and recorder, and a reader of their answers.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hub/core/fact.hpp"
#include "hub/core/outbox.hpp"
#include "shared/pack.hpp"
#include "shared/records.hpp"

namespace roundhouse::test {

inline constexpr std::int64_t kSecond = 1'000'000;
inline constexpr std::int64_t kStart = 1'700'000'000 * kSecond;

inline Uuid uuid(std::uint8_t value) {
  Uuid out;
  out.bytes.fill(value);
  return out;
}

inline SessionId session_id(hub::SessionNumber number) {
  return SessionId{0xabcd'0000'0000'0000U + number};
}

inline hub::SessionOpened opened(hub::SessionNumber number) {
  return {number, session_id(number), uuid(7), "me", kStart};
}

inline hub::TemplateDefined defined(hub::TemplateNumber number, hub::SessionNumber session) {
  wire::Define define;
  define.number = 1;
  define.session = session_id(session);
  define.function = "survey";
  define.signature = "FivE";
  define.view = "load_balanced";
  define.label = "night";
  define.targets = {1, 300};
  define.retries = 2;
  define.priority = -5;
  return {number, session, std::make_shared<wire::Define>(define)};
}

inline hub::Submitted submitted(hub::SessionNumber session, std::uint64_t first,
                                std::uint64_t last) {
  wire::Message batch;
  batch.header = Buffer::take("submit " + std::to_string(first));
  return {session, first, last, batch, kStart + static_cast<std::int64_t>(first)};
}

inline hub::Ended ended(hub::SessionNumber session, std::uint64_t sequence, std::uint64_t delivery,
                        std::string result = "result") {
  hub::Ended out;
  out.session = session;
  out.sequence = sequence;
  out.delivery = delivery;
  out.template_number = 1;
  out.submitted_us = kStart + static_cast<std::int64_t>(sequence);
  out.started_us = out.submitted_us + 500;
  out.duration_ns = 2'000'000;
  out.engine = EngineId{3};
  out.incarnation = 2;
  out.attempt = 1;
  out.payload = Payload::of(std::move(result));
  return out;
}

inline hub::Ended failed(hub::SessionNumber session, std::uint64_t sequence,
                         std::uint64_t delivery) {
  wire::ErrorValue error{"std::runtime_error", "no luck", "here", {}};
  error.attempts = {{EngineId{7}, 1, "error", "std::runtime_error", "bad luck", kStart},
                    {EngineId{3}, 2, "error", "std::runtime_error", "no luck", kStart}};
  hub::Ended out = ended(session, sequence, delivery, wire::encode_error(error));
  out.ending = wire::Ending::error;
  return out;
}

inline hub::EngineJoined joined(std::uint32_t id) {
  return {EngineId{id}, uuid(static_cast<std::uint8_t>(id)), 2, 4, "host", 99, kStart};
}

inline Payload large_payload(std::size_t frames, std::size_t bytes) {
  Payload out = Payload::of("head");
  Frames made;
  for (std::size_t i = 0; i < frames; ++i)
    made.push_back(Buffer::take(std::string(bytes, static_cast<char>('a' + i))));
  out.frames = std::make_shared<const Frames>(std::move(made));
  return out;
}

inline std::string id_of(hub::SessionNumber session, std::uint64_t sequence) {
  return to_string(TaskId{session_id(session), sequence});
}

inline hub::Query query(std::string verb, std::string body = {}) {
  return {hub::LinkId{hub::Side::client, wire::Plane::control, 1},
          42,
          std::move(verb),
          wire::Raw{std::move(body)},
          {},
          kStart + 3600 * kSecond};
}

// {"ids": [...], extra...}; `extra` holds `pairs` packed pairs.
inline std::string ids_body(const std::vector<std::string>& ids, const std::string& extra = {},
                            std::size_t pairs = 0) {
  std::string body;
  wire::Packer p(body);
  p.map(1 + pairs);
  p.str("ids"), p.array(ids.size());
  for (const std::string& id : ids) p.str(id);
  p.raw(extra);
  return body;
}

inline std::string pair_of(std::string_view key, std::string_view value) {
  std::string out;
  wire::Packer p(out);
  p.str(key), p.str(value);
  return out;
}

inline std::string pair_of(std::string_view key, std::uint64_t value) {
  std::string out;
  wire::Packer p(out);
  p.str(key), p.u64(value);
  return out;
}

inline std::string map_of(const std::string& pairs, std::size_t count) {
  std::string out;
  wire::Packer(out).map(count);
  return out + pairs;
}

// A `db_query` for the ids of all tasks, the newest first.
inline hub::Query newest_first() {
  return query("db_query", map_of(pair_of("order", "-submitted") + pair_of("limit", 10'000), 2));
}

// One map as key -> the bytes of its value.
inline std::map<std::string, std::string> read_map(std::string_view bytes) {
  std::map<std::string, std::string> out;
  wire::Unpacker u(bytes);
  for (std::size_t left = u.map(); left > 0 && u.ok(); --left) {
    const std::string key(u.str());
    out[key] = u.one();
  }
  return out;
}

inline std::string text(std::string_view bytes) {
  return std::string(wire::Unpacker(bytes).bin());
}

inline std::int64_t number(std::string_view bytes) {
  return wire::Unpacker(bytes).i64();
}

inline std::vector<std::string> texts(std::string_view bytes) {
  std::vector<std::string> out;
  wire::Unpacker u(bytes);
  for (std::size_t left = u.array(); left > 0 && u.ok(); --left) out.emplace_back(u.str());
  return out;
}

inline std::vector<std::map<std::string, std::string>> maps(std::string_view bytes) {
  std::vector<std::map<std::string, std::string>> out;
  wire::Unpacker u(bytes);
  for (std::size_t left = u.array(); left > 0 && u.ok(); --left) out.push_back(read_map(u.one()));
  return out;
}

// The msg_ids of an answer to `db_query`.
inline std::vector<std::string> ids_in(const wire::Reply& reply) {
  std::vector<std::string> out;
  for (auto& record : maps(read_map(reply.body.bytes)["records"]))
    out.push_back(text(record["msg_id"]));
  return out;
}

}  // namespace roundhouse::test
