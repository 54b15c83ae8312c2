#include "hub/core/payload_part.hpp"

#include <utility>

#include "shared/pack.hpp"

namespace roundhouse::hub {
namespace {

constexpr std::uint32_t kCallKeys = 19;

void pack_texts(std::string_view key, const std::vector<std::string>& texts, wire::Packer& p) {
  p.str(key), p.array(texts.size());
  for (const std::string& text : texts) p.str(text);
}

// As many as kCallKeys.
void pack_call(const PayloadPart& part, wire::Packer& p) {
  const wire::Define& define = *part.define;
  p.str("function"), p.str(define.function);
  p.str("signature"), p.str(define.signature);
  p.str("view"), p.str(define.view);
  p.str("label"), p.str(define.label);
  p.str("targets"), p.array(define.targets.size());
  for (const std::uint32_t target : define.targets) p.u64(target);
  p.str("retries"), p.u64(define.retries);
  p.str("priority"), p.i64(define.priority);
  p.str("timeout_us"), p.u64(define.timeout_us);
  p.str("time_limit_us"), p.u64(define.time_limit_us);
  p.str("depend"), p.str(define.depend);
  p.str("depend_signature"), p.str(define.depend_signature);
  p.str("depend_body"), p.bin(define.depend_body);
  pack_texts("require_modules", define.require_modules, p);
  pack_texts("require_functions", define.require_functions, p);
  p.str("source"), p.bin(define.source);
  p.str("depends"), p.bin(part.depends.bytes.view());
  p.str("after_ranges"), p.u64(part.depends.after_ranges);
  p.str("modes"), p.u64(wire::bits_of(part.depends.after_mode, part.depends.follow_mode));
  p.str("engine");
  part.engine ? p.u64(part.engine->value) : p.nil();
}

}  // namespace

void PayloadPart::take_ahead() {
  if (offset < ahead.size()) bytes = ahead.substr(offset, kPayloadPartBytes);
}

PayloadPart begin_part(std::string body, std::uint32_t spill, std::uint64_t offset) {
  PayloadPart out;
  out.spill = spill;
  out.offset = offset;
  if (body.size() > wire::kInlineBytesMax) {
    ++out.spill;
    out.ahead = std::move(body);
    if (offset == 0) out.frames.push_back(out.ahead.size());
  } else if (offset == 0) {
    out.body = std::move(body);
  }
  return out;
}

PayloadPart part_of(const Payload& payload, std::uint64_t offset) {
  PayloadPart out =
      begin_part(std::string(payload.head()).append(payload.tail()), payload.spill, offset);
  out.take_ahead();
  std::uint64_t at = out.ahead.size();  // of the frame
  for (std::size_t i = 0; i < payload.frame_count(); ++i) {
    const std::string_view frame = (*payload.frames)[i].view();
    if (offset == 0) out.frames.push_back(frame.size());
    const std::uint64_t from = offset + out.bytes.size();
    if (from >= at && from < at + frame.size() && out.bytes.size() < kPayloadPartBytes)
      out.bytes.append(frame.substr(from - at, kPayloadPartBytes - out.bytes.size()));
    at += frame.size();
  }
  return out;
}

void pack_payload_part(const PayloadPart& part, std::string& out) {
  wire::Packer p(out);
  const bool first = part.offset == 0;
  p.map(2 + (first ? 3U : 0U) + (first && part.define != nullptr ? kCallKeys : 0U));
  p.str("offset"), p.u64(part.offset);
  p.str("bytes"), p.bin(part.bytes);
  if (!first) return;
  p.str("body"), p.bin(part.body);
  p.str("spill"), p.u64(part.spill);
  p.str("frames"), p.array(part.frames.size());
  for (const std::uint64_t size : part.frames) p.u64(size);
  if (part.define != nullptr) pack_call(part, p);
}

}  // namespace roundhouse::hub
