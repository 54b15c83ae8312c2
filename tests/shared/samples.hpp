#pragma once

// One well-formed message of every kind, with every field away from its default, for the tests of
// the codec and for the corpus of the fuzz targets.

#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "shared/message.hpp"
#include "shared/records.hpp"

namespace roundhouse::wire::samples {

inline Uuid uuid(std::uint8_t seed) {
  Uuid out;
  for (std::size_t i = 0; i < out.bytes.size(); ++i)
    out.bytes[i] = static_cast<std::uint8_t>(seed + 15 * i);
  return out;
}

inline ContentHash hash(std::uint8_t seed) {
  ContentHash out;
  for (std::size_t i = 0; i < out.bytes.size(); ++i)
    out.bytes[i] = static_cast<std::uint8_t>(seed + 7 * i);
  return out;
}

// All map messages, as a tuple.
inline auto maps() {
  const SessionId session{0x1122334455667788};
  Hello hello;
  hello.major = 1;
  hello.minor = 2;
  hello.role = Role::nanny;
  hello.connection = 99;
  hello.epoch = 3;
  hello.session = session;
  hello.secret = uuid(1);
  hello.ended = {{7, 9}, {12, 12}};
  hello.failed = {{2, 2}, {8, 9}};
  hello.settled = 5;
  hello.submitted = 14;
  hello.uuid = uuid(2);
  hello.incarnation = 4;
  hello.slots = 2;
  hello.next_number = 1000;
  hello.pid = 4711;
  hello.host = "host";
  hello.label = "label";
  const Welcome welcome{1, 2, 3, EngineId{4}, 5, 6, 7, 8, 900, 1000, false};
  Define define{3,       session,    "survey_file", "i(i)", "direct",
                "label", {0, 2, 70}, 0x10000U,      -3,     {hash(4), hash(5)}};
  define.timeout_us = 5'000'000, define.time_limit_us = 1ULL << 40U;
  define.depend = "has_disk", define.depend_signature = "b(s)", define.depend_body = "body";
  define.require_modules = {"survey", "fft"}, define.require_functions = {"f", "i(i)"};
  define.source = "source";
  const Died died{11,
                  -1,
                  "last words",
                  {{{session, 8}, {2, 1}}, {{session, 9}, {2, 2}}},
                  false,
                  hash(9),
                  "too often",
                  true,
                  {"printed", ""},
                  "it went on"};
  return std::tuple{hello,
                    welcome,
                    Refused{"bad_secret", "another secret", true},
                    Who{},
                    Beat{3},
                    Goodbye{"shutdown"},
                    Stop{{{7, {SessionId{5}, 9}, {2, 1}}}, true},
                    Act{8, "interrupt", 10, {{7, {SessionId{5}, 9}, {2, 1}}}, true},
                    Acted{8, true, 2, "refused", "why not"},
                    Request{5, "result", {std::string("\x81\xa3ids\x90", 6)}},
                    Reply{5, "refused", "why not", {std::string("\x93\x01\x02\x03", 4)}},
                    define,
                    Accepted{10, 9, 1 << 20U, 1ULL << 32U},
                    Received{77, 1ULL << 21U},
                    Stored{78, true},
                    Revoke{{1, 2, 300}},
                    Revoked{{300}},
                    Lent{3, 2},
                    died,
                    Offer{hash(1), "tasks.so", 1 << 20U, 3, true, true, true},
                    Want{hash(1), 2 << 20U},
                    Part{hash(1), 1 << 20U},
                    Have{hash(1), "tasks.so", 17, true, "version", "why not", {"f", "ns::g"}, true},
                    Hint{3, 4, "engine_joined", EngineId{5}, uuid(6), 7},
                    Output{session, 9, 3, 2, EngineId{5}, 2, 1ULL << 33U, "text\n"}};
}

inline std::string little_endian(const std::vector<std::uint32_t>& values) {
  std::string out;
  for (const std::uint32_t value : values)
    for (unsigned shift = 0; shift < 32; shift += 8)
      out.push_back(static_cast<char>(value >> shift));
  return out;
}

inline Slice slice(const std::vector<std::uint32_t>& values) {
  return Slice{Buffer::take(little_endian(values))};
}

inline Payload framed(std::string body, std::vector<std::string> frames, std::uint32_t spill = 0) {
  Payload out = Payload::of(std::move(body));
  Frames buffers;
  for (std::string& frame : frames) buffers.push_back(Buffer::take(std::move(frame)));
  out.frames = std::make_shared<const Frames>(std::move(buffers));
  out.spill = spill;
  return out;
}

// What a run's record holds: the bytes that all tasks share, and the tails of them all.
inline Payload head_and_tails(const std::string& head, const std::string& tails) {
  Payload out = Payload::of(head + tails);
  out.head_size = static_cast<std::uint32_t>(head.size());
  out.tail_at = out.head_size;
  out.tail_size = static_cast<std::uint32_t>(tails.size());
  return out;
}

inline std::vector<SubmitRecord> submits() {
  std::vector<SubmitRecord> out(5);
  out[0] = {1, 1, 1, {}, {}, Payload::of("one")};
  out[1] = {2, 3, 2, {}, slice({1, 1, 4}), head_and_tails("head", "abcd")};
  out[2] = {5, 2, 1, slice({7, 8}), {}, framed("all", {"array", std::string(300, 'x')})};
  out[3] = {7, 1, 1, slice({7}), {}, framed("", {"spil", "led", "array"}, 2)};
  out[4] = {8, 2, 1, {}, {}, Payload::of("two")};
  out[4].depends =
      Slice{Buffer::take(encode_ranges({{SessionId{9}, 1, 7}, {SessionId{~0ULL}, 5, 5}}))};
  out[4].after_ranges = 1;
  out[4].after_mode = {true, false, true};
  return out;
}

inline std::vector<AssignRecord> assigns() {
  return {{1, 10, {3, 1}, 1, false, Payload::of("body")},
          {2, 11, {3, 2}, 70000, true, framed("x", {"array"})}};
}

inline std::vector<FinishedRecord> finished() {
  const SessionId session{0xfedcba9876543210};
  return {
      {{session, 1}, {3, 1}, Ending::ok, 1'700'000'000'000'000, 1500, Payload::of("value")},
      {{session, 2}, {3, 2}, Ending::error, -1, 0, Payload::of(encode_error({"E", "v", "t"}))},
      {{session, 3}, {4, 1}, Ending::aborted, 0, 1, framed("", {"big"}, 1)},
      {{session, 4}, {4, 1}, Ending::ok, 9, 2, framed("x", {"array"}), Slice{Buffer::take("p")}}};
}

inline std::vector<OutcomeRecord> outcomes() {
  return {
      {1, Ending::ok, 1, EngineId{0}, 1'700'000'000'000'000, 99, Payload::of("value")},
      {2, Ending::engine_lost, 3, {}, 0, 0, Payload::of("")},
      {3, Ending::timed_out, 0, EngineId{70000}, -5, 1ULL << 40U, framed("x", {"a", "b"})},
      {4, Ending::ok, 1, EngineId{2}, 9, 2, framed("x", {"c"}), Slice{Buffer::take("printed")}}};
}

inline std::vector<HoldingRecord> holdings() {
  const SessionId session{0xfedcba9876543210};
  return {{5, {session, 1}, {3, 1}, true}, {6, {session, 2}, {3, 1}, false}};
}

template <class Record>
Message batch(const std::vector<Record>& records, std::uint64_t first) {
  BatchWriter<Record> writer;
  for (const Record& record : records) writer.add(record);
  return writer.take(first);
}

// All of the above, encoded, by name.
inline std::vector<std::pair<std::string, Message>> all() {
  std::vector<std::pair<std::string, Message>> out;
  const auto add = [&out](const auto& message) {
    out.emplace_back(std::string(to_string(message.kKind)), encode(message));
  };
  std::apply([&add](const auto&... message) { (add(message), ...); }, maps());
  out.emplace_back("submit", batch(submits(), 0));
  out.emplace_back("assign", batch(assigns(), 0));
  out.emplace_back("outcome_of_engine", batch(finished(), 41));
  out.emplace_back("outcome_to_client", batch(outcomes(), 1ULL << 50U));
  out.emplace_back("holding", batch(holdings(), 1));
  out.emplace_back("holding_nothing", batch(std::vector<HoldingRecord>{}, 1));
  return out;
}

}  // namespace roundhouse::wire::samples
