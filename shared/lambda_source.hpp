#pragma once

// CORE. LambdaSource: a lambda as a client sends it, for an engine to compile: its text, and what
// stands before it. Opaque to the hub. Thread rule: plain values.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <roundhouse/result.hpp>

namespace roundhouse::wire {

struct SourceText {
  std::string text;
  std::string file;
  std::uint32_t line = 0;
  std::string place;  // a type that was declared there, as typeid names it; empty: global scope

  friend bool operator==(const SourceText&, const SourceText&) = default;
};

struct LambdaSource {
  SourceText lambda;                    // its place is the closure
  std::string type;                     // of its function, as typeid names it: "FiiE"
  std::vector<std::string> parameters;  // without references and const
  std::string result;
  std::vector<SourceText> context;  // in order

  friend bool operator==(const LambdaSource&, const LambdaSource&) = default;
};

[[nodiscard]] std::string encode(const LambdaSource& source);
// Errc::malformed for what is none.
[[nodiscard]] Result<LambdaSource> decode_lambda_source(std::string_view bytes);

}  // namespace roundhouse::wire
