#include "engine/interpreter/verdict.hpp"

#include <algorithm>
#include <cstring>

namespace roundhouse::engine::interpreter {

namespace {

// Bytes between two of the same process: as they are in memory.
template <class T>
void append(std::string& out, const T& value) {
  const std::size_t at = out.size();
  out.resize(at + sizeof value);
  std::memcpy(out.data() + at, &value, sizeof value);
}

template <class T>
T take(std::string_view& bytes) {
  T value{};
  if (bytes.size() < sizeof value) return value;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return value;
}

}  // namespace

std::string Verdict::to_bytes() const {
  std::string out;
  append(out, kind);
  append(out, repeated.size());
  for (clang::NamedDecl* declared : repeated) append(out, declared);
  append(out, error.size());
  return out + error + text;
}

Verdict Verdict::from_bytes(std::string_view bytes) {
  Verdict out;
  out.kind = take<Kind>(bytes);
  out.repeated.resize(std::min(take<std::size_t>(bytes), bytes.size() / sizeof(void*)));
  for (clang::NamedDecl*& declared : out.repeated) declared = take<clang::NamedDecl*>(bytes);
  const auto length = std::min(take<std::size_t>(bytes), bytes.size());
  out.error = bytes.substr(0, length);
  out.text = bytes.substr(length);
  return out;
}

}  // namespace roundhouse::engine::interpreter
