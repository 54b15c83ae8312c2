#include "shared/lambda_source.hpp"

#include "shared/pack.hpp"

namespace roundhouse::wire {

namespace {

constexpr std::size_t kTextParts = 4;
constexpr std::size_t kSourceParts = 5;

void put(Packer& p, const SourceText& text) {
  p.array(kTextParts);
  p.bin(text.text), p.str(text.file), p.u64(text.line), p.str(text.place);
}

// Longer ones are read, too: a later version may say more.
bool begins(Unpacker& u, std::size_t parts, std::size_t& more) {
  const std::size_t count = u.array();
  if (count < parts) u.fail();
  more = u.ok() ? count - parts : 0;
  return u.ok();
}

void skip(Unpacker& u, std::size_t more) {
  while (u.ok() && more-- > 0) u.skip();
}

SourceText get_text(Unpacker& u) {
  SourceText out;
  std::size_t more = 0;
  if (!begins(u, kTextParts, more)) return out;
  out.text = u.bin();
  out.file = u.str();
  out.line = u.u32();
  out.place = u.str();
  skip(u, more);
  return out;
}

}  // namespace

std::string encode(const LambdaSource& source) {
  std::string out;
  Packer p(out);
  p.array(kSourceParts);
  put(p, source.lambda);
  p.str(source.type);
  p.array(source.parameters.size());
  for (const std::string& parameter : source.parameters) p.str(parameter);
  p.str(source.result);
  p.array(source.context.size());
  for (const SourceText& text : source.context) put(p, text);
  return out;
}

Result<LambdaSource> decode_lambda_source(std::string_view bytes) {
  Unpacker u(bytes);
  LambdaSource out;
  std::size_t more = 0;
  if (begins(u, kSourceParts, more)) {
    out.lambda = get_text(u);
    out.type = u.str();
    for (std::size_t left = u.array(); u.ok() && left > 0; --left)
      out.parameters.emplace_back(u.str());
    out.result = u.str();
    for (std::size_t left = u.array(); u.ok() && left > 0; --left)
      out.context.push_back(get_text(u));
    skip(u, more);
  }
  if (!u.done()) return Error{Errc::malformed, "this is no source of a lambda"};
  return out;
}

}  // namespace roundhouse::wire
