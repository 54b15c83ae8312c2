#include "shared/printed.hpp"

#include "shared/pack.hpp"

namespace roundhouse::wire {
namespace {

void put(Packer& p, const PrintedStream& stream) {
  p.u64(stream.total), p.bin(stream.head), p.bin(stream.tail);
}

PrintedStream get(Unpacker& u) {
  PrintedStream out;
  out.total = u.u64();
  out.head = u.bin();
  out.tail = u.bin();
  if (out.head.size() > out.total || out.tail.size() > out.total - out.head.size()) u.fail();
  return out;
}

}  // namespace

void PrintedStream::shorten(std::size_t max) {
  const std::string kept = head + tail;
  if (kept.size() <= max) return;
  head = kept.substr(0, max - max / 2);
  tail = kept.substr(kept.size() - max / 2);
}

std::string PrintedStream::text() const {
  std::string out = head;
  if (left_out() > 0)
    out.append("\n[... ").append(std::to_string(left_out())).append(" bytes left out ...]\n");
  return out.append(tail);
}

std::string encode_printed(const Printed& printed) {
  std::string out;
  if (printed.empty()) return out;
  Packer p(out);
  p.array(6);
  put(p, printed.out), put(p, printed.err);
  return out;
}

Printed decode_printed(std::string_view bytes) {
  Unpacker u(bytes);
  if (bytes.empty() || u.array() < 6) return {};
  Printed out;
  out.out = get(u);
  out.err = get(u);
  return u.ok() ? out : Printed{};
}

}  // namespace roundhouse::wire
