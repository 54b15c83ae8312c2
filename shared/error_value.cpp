#include "shared/error_value.hpp"

#include "shared/pack.hpp"

namespace roundhouse::wire {
namespace {

void pack_attempts(Packer& p, const std::vector<Attempt>& attempts) {
  p.array(attempts.size());
  for (const Attempt& attempt : attempts) {
    p.map(6);
    p.str("engine");
    attempt.engine ? p.u64(attempt.engine->value) : p.nil();
    p.str("incarnation"), p.u64(attempt.incarnation);
    p.str("ended"), p.str(attempt.ended);
    p.str("name"), p.str(attempt.name);
    p.str("value"), p.str(attempt.value);
    p.str("started"), p.i64(attempt.started_us);
  }
}

Attempt read_attempt(Unpacker& u) {
  Attempt out;
  for (std::size_t pairs = u.map(); pairs > 0 && u.ok(); --pairs) {
    const std::string_view key = u.str();
    if (key == "engine") {
      if (!u.nil()) out.engine = EngineId{u.u32()};
    } else if (key == "incarnation") {
      out.incarnation = u.u32();
    } else if (key == "ended") {
      out.ended = u.bin();
    } else if (key == "name") {
      out.name = u.bin();
    } else if (key == "value") {
      out.value = u.bin();
    } else if (key == "started") {
      out.started_us = u.i64();
    } else {
      u.skip();
    }
  }
  return out;
}

// What is beyond the limit, or no list at all, is passed over.
std::vector<Attempt> read_attempts(Unpacker& u) {
  std::vector<Attempt> out;
  for (std::size_t left = u.array(); left > 0 && u.ok(); --left) {
    if (out.size() == kAttemptsMax)
      u.skip();
    else
      out.push_back(read_attempt(u));
  }
  return out;
}

}  // namespace

std::string encode_error(const ErrorValue& error) {
  std::string out;
  Packer p{out};
  p.map(error.attempts.empty() ? 3 : 4);
  p.str("name"), p.str(error.name);
  p.str("value"), p.str(error.value);
  p.str("traceback"), p.str(error.traceback);
  if (error.attempts.empty()) return out;
  p.str("attempts"), pack_attempts(p, error.attempts);
  return out;
}

ErrorValue decode_error(std::string_view bytes) {
  ErrorValue out;
  Unpacker u{bytes};
  const std::size_t pairs = u.map();
  for (std::size_t i = 0; i < pairs && u.ok(); ++i) {
    const std::string_view key = u.str();
    if (key == "name")
      out.name = u.bin();
    else if (key == "value")
      out.value = u.bin();
    else if (key == "traceback")
      out.traceback = u.bin();
    else if (key == "attempts")
      out.attempts = read_attempts(u);
    else
      u.skip();
  }
  if (!u.done()) return {"ProtocolError", "the error that the engine sent cannot be read", "", {}};
  return out;
}

std::string encode_attempts(const std::vector<Attempt>& attempts) {
  std::string out;
  Packer p{out};
  pack_attempts(p, attempts);
  return out;
}

std::vector<Attempt> decode_attempts(std::string_view bytes) {
  Unpacker u{bytes};
  std::vector<Attempt> out = read_attempts(u);
  return u.done() ? out : std::vector<Attempt>{};
}

}  // namespace roundhouse::wire
