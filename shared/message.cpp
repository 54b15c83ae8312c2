#include "shared/message.hpp"

#include <array>
#include <limits>
#include <type_traits>
#include <utility>

#include "shared/pack.hpp"
#include "shared/protocol_version.hpp"

namespace roundhouse::wire {
namespace {

constexpr std::array<std::pair<Kind, std::string_view>, 29> kNames{{
    {Kind::hello, "hello"},       {Kind::welcome, "welcome"},   {Kind::refused, "refused"},
    {Kind::who, "who"},           {Kind::beat, "beat"},         {Kind::goodbye, "goodbye"},
    {Kind::request, "request"},   {Kind::reply, "reply"},       {Kind::define, "define"},
    {Kind::submit, "submit"},     {Kind::accepted, "accepted"}, {Kind::outcome, "outcome"},
    {Kind::received, "received"}, {Kind::assign, "assign"},     {Kind::stored, "stored"},
    {Kind::revoke, "revoke"},     {Kind::revoked, "revoked"},   {Kind::holding, "holding"},
    {Kind::died, "died"},         {Kind::offer, "offer"},       {Kind::want, "want"},
    {Kind::part, "part"},         {Kind::have, "have"},         {Kind::hint, "hint"},
    {Kind::stop, "stop"},         {Kind::output, "output"},     {Kind::lent, "lent"},
    {Kind::act, "act"},           {Kind::acted, "acted"},
}};

// Writing one field.

void put(Packer& p, bool value) {
  p.boolean(value);
}

void put(Packer& p, std::uint32_t value) {
  p.u64(value);
}

void put(Packer& p, std::uint64_t value) {
  p.u64(value);
}

void put(Packer& p, std::int32_t value) {
  p.i64(value);
}

void put(Packer& p, const std::string& value) {
  p.str(value);
}

void put(Packer& p, Role value) {
  p.u64(static_cast<std::uint64_t>(value));
}

void put(Packer& p, const Raw& value) {
  if (value.bytes.empty())
    p.nil();
  else
    p.raw(value.bytes);
}

void put(Packer& p, const Uuid& value) {
  p.bin({reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size()});
}

void put(Packer& p, const ContentHash& value) {
  p.bin({reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size()});
}

void put(Packer& p, const Range& value) {
  p.array(2), p.u64(value.first), p.u64(value.last);
}

void put(Packer& p, const RunRef& value) {
  p.array(4);
  p.u64(value.task.session.value), p.u64(value.task.sequence);
  p.u64(value.fence.epoch), p.u64(value.fence.attempt);
}

void put(Packer& p, const AssignmentRef& value) {
  p.array(5), p.u64(value.number);
  p.u64(value.task.session.value), p.u64(value.task.sequence);
  p.u64(value.fence.epoch), p.u64(value.fence.attempt);
}

template <class Tag, class Value>
void put(Packer& p, const Id<Tag, Value>& value) {
  p.u64(value.value);
}

template <class T>
void put(Packer& p, const std::vector<T>& values) {
  p.array(values.size());
  for (const T& value : values) put(p, value);
}

// Reading one field.

void get(Unpacker& u, bool& value) {
  value = u.boolean();
}

void get(Unpacker& u, std::uint32_t& value) {
  value = u.u32();
}

void get(Unpacker& u, std::uint64_t& value) {
  value = u.u64();
}

void get(Unpacker& u, std::int32_t& value) {
  const std::int64_t wide = u.i64();
  if (wide < std::numeric_limits<std::int32_t>::min() ||
      wide > std::numeric_limits<std::int32_t>::max())
    u.fail();
  value = u.ok() ? static_cast<std::int32_t>(wide) : 0;
}

void get(Unpacker& u, std::string& value) {
  value = u.bin();
}

void get(Unpacker& u, Role& value) {
  const std::uint64_t number = u.u64();
  if (number > static_cast<std::uint64_t>(Role::keeper)) u.fail();
  value = u.ok() ? static_cast<Role>(number) : Role::client;
}

void get(Unpacker& u, Raw& value) {
  const std::string_view bytes = u.one();
  value.bytes = bytes == "\xc0" ? std::string_view{} : bytes;
}

// A fixed number of bytes: a Uuid, a ContentHash.
template <class Bytes>

requires requires(Bytes& value) {
  value.bytes.fill(0);
}

void get(Unpacker& u, Bytes& value) {
  const std::string_view bytes = u.bin();
  if (bytes.size() != value.bytes.size()) return u.fail();
  for (std::size_t i = 0; i < bytes.size(); ++i)
    value.bytes[i] = static_cast<std::uint8_t>(bytes[i]);
}

void get(Unpacker& u, Range& value) {
  if (u.array() != 2) return u.fail();
  value.first = u.u64(), value.last = u.u64();
  if (value.first > value.last) u.fail();
}

void get(Unpacker& u, RunRef& value) {
  if (u.array() != 4) return u.fail();
  value.task.session.value = u.u64(), value.task.sequence = u.u64();
  value.fence.epoch = u.u64(), value.fence.attempt = u.u32();
}

void get(Unpacker& u, AssignmentRef& value) {
  if (u.array() != 5) return u.fail();
  value.number = u.u64();
  value.task.session.value = u.u64(), value.task.sequence = u.u64();
  value.fence.epoch = u.u64(), value.fence.attempt = u.u32();
}

template <class Tag, class Value>
void get(Unpacker& u, Id<Tag, Value>& value) {
  get(u, value.value);
}

template <class T>
void get(Unpacker& u, std::vector<T>& values) {
  const std::size_t count = u.array();
  if (count > kListMax) return u.fail();
  values.clear();
  for (std::size_t i = 0; i < count && u.ok(); ++i) get(u, values.emplace_back());
}

template <class M>
constexpr std::size_t field_count() {
  std::size_t count = 0;
  M message;
  M::fields(message, [&](std::string_view, auto&) { ++count; });
  return count;
}

// How a value looks in describe().
template <class T>
std::string text_of(const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    return '\'' + value + '\'';
  } else if constexpr (std::is_same_v<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_integral_v<T>) {
    return std::to_string(value);
  } else if constexpr (std::is_same_v<T, Role>) {
    constexpr std::array<const char*, 4> kRoles{"client", "engine", "nanny", "keeper"};
    return kRoles[static_cast<std::size_t>(value)];
  } else if constexpr (std::is_same_v<T, Raw>) {
    return std::to_string(value.bytes.size()) + "B";
  } else if constexpr (std::is_same_v<T, Uuid> || std::is_same_v<T, ContentHash>) {
    return to_string(value);
  } else if constexpr (std::is_same_v<T, Range>) {
    return std::to_string(value.first) + "-" + std::to_string(value.last);
  } else if constexpr (std::is_same_v<T, RunRef>) {
    return to_string(value.task) + "#" + std::to_string(value.fence.epoch) + "." +
           std::to_string(value.fence.attempt);
  } else if constexpr (std::is_same_v<T, AssignmentRef>) {
    return std::to_string(value.number) + ":" + text_of(RunRef{value.task, value.fence});
  } else if constexpr (requires { value.value; }) {
    return std::to_string(value.value);
  } else {
    std::string out = "[";
    for (const auto& item : value) out += (out.size() > 1 ? "," : "") + text_of(item);
    return out + "]";
  }
}

// One field by its key; the rest of the map is none of its business.
template <class M>
Result<void> read_field(M& message, std::string_view key, Unpacker& u) {
  bool known = false;
  M::fields(message, [&](std::string_view name, auto& value) {
    if (name != key) return;
    known = true;
    get(u, value);
  });
  if (!known) u.skip();
  if (u.ok()) return {};
  return Error{Errc::malformed, "the value of '" + std::string(key.substr(0, 40)) + "' in a " +
                                    std::string(to_string(M::kKind)) + " message is malformed"};
}

template <class M>
Result<MapMessage> decode_any(const Message& message) {
  Result<M> decoded = decode_as<M>(message);
  if (!decoded) return decoded.error();
  return MapMessage{std::move(*decoded)};
}

}  // namespace

std::string_view to_string(Kind kind) {
  for (const auto& [known, name] : kNames)
    if (known == kind) return name;
  return "unknown";
}

Result<Kind> kind_of(const Message& message) {
  const std::string_view bytes = message.header.view();
  if (bytes.size() > kHeaderBytesMax)
    return Error{Errc::too_large, "a header of " + std::to_string(bytes.size()) +
                                      " bytes is over the limit of " +
                                      std::to_string(kHeaderBytesMax)};
  if (bytes.size() < kPrefixBytes || bytes[0] != 'R' || bytes[1] != 'H')
    return Error{Errc::malformed, "not a Roundhouse message: it does not begin with 'RH'"};
  if (static_cast<unsigned char>(bytes[2]) != kProtocol.major)
    return Error{Errc::version, "protocol major " +
                                    std::to_string(static_cast<unsigned char>(bytes[2])) +
                                    " is spoken there, " + std::to_string(kProtocol.major) +
                                    " here: use the same release of Roundhouse on both sides"};
  const Kind kind{static_cast<std::uint8_t>(bytes[3])};
  if (to_string(kind) == "unknown")
    return Error{Errc::malformed,
                 "unknown message kind " + std::to_string(static_cast<unsigned char>(bytes[3]))};
  return kind;
}

template <class M>
Message encode(const M& message) {
  std::string bytes{'R', 'H', static_cast<char>(kProtocol.major), static_cast<char>(M::kKind)};
  Packer packer{bytes};
  packer.map(field_count<M>());
  M::fields(message, [&](std::string_view name, const auto& value) {
    packer.str(name);
    put(packer, value);
  });
  return {Buffer::take(std::move(bytes)), {}};
}

template <class M>
Result<M> decode_as(const Message& message) {
  const Result<Kind> kind = kind_of(message);
  if (!kind) return kind.error();
  if (*kind != M::kKind)
    return Error{Errc::malformed, "expected " + std::string(to_string(M::kKind)) + ", got " +
                                      std::string(to_string(*kind))};
  M out;
  Unpacker u{message.header.view().substr(kPrefixBytes)};
  const std::size_t pairs = u.map();
  for (std::size_t i = 0; i < pairs && u.ok(); ++i) {
    const std::string_view key = u.str();
    if (!u.ok()) break;
    const Result<void> read = read_field(out, key, u);
    if (!read) return read.error();
  }
  if (!u.done())
    return Error{Errc::malformed, "a " + std::string(to_string(M::kKind)) +
                                      " message is truncated or has bytes left over"};
  return out;
}

Result<MapMessage> decode(const Message& message) {
  const Result<Kind> kind = kind_of(message);
  if (!kind) return kind.error();
  switch (*kind) {
    case Kind::hello: return decode_any<Hello>(message);
    case Kind::welcome: return decode_any<Welcome>(message);
    case Kind::refused: return decode_any<Refused>(message);
    case Kind::who: return decode_any<Who>(message);
    case Kind::beat: return decode_any<Beat>(message);
    case Kind::goodbye: return decode_any<Goodbye>(message);
    case Kind::request: return decode_any<Request>(message);
    case Kind::reply: return decode_any<Reply>(message);
    case Kind::stop: return decode_any<Stop>(message);
    case Kind::act: return decode_any<Act>(message);
    case Kind::acted: return decode_any<Acted>(message);
    case Kind::define: return decode_any<Define>(message);
    case Kind::accepted: return decode_any<Accepted>(message);
    case Kind::received: return decode_any<Received>(message);
    case Kind::stored: return decode_any<Stored>(message);
    case Kind::revoke: return decode_any<Revoke>(message);
    case Kind::revoked: return decode_any<Revoked>(message);
    case Kind::lent: return decode_any<Lent>(message);
    case Kind::died: return decode_any<Died>(message);
    case Kind::offer: return decode_any<Offer>(message);
    case Kind::want: return decode_any<Want>(message);
    case Kind::part: return decode_any<Part>(message);
    case Kind::have: return decode_any<Have>(message);
    case Kind::hint: return decode_any<Hint>(message);
    case Kind::output: return decode_any<Output>(message);
    case Kind::submit:
    case Kind::outcome:
    case Kind::assign:
    case Kind::holding: break;
  }
  return Error{Errc::malformed, "a batch is not a map"};
}

template <class M>
std::string describe(const M& message) {
  std::string out{to_string(M::kKind)};
  const M plain;
  M::fields(message, [&](std::string_view name, const auto& value) {
    const std::string text = text_of(value);
    bool is_default = false;
    M::fields(plain, [&](std::string_view other, const auto& standard) {
      if (other == name) is_default = text_of(standard) == text;
    });
    if (!is_default) out.append(" ").append(name).append("=").append(text);
  });
  return out;
}

#define RH_MESSAGE(M)                              \
  template Message encode<M>(const M&);            \
  template Result<M> decode_as<M>(const Message&); \
  template std::string describe<M>(const M&);
RH_MESSAGE(Hello)
RH_MESSAGE(Welcome)
RH_MESSAGE(Refused)
RH_MESSAGE(Who)
RH_MESSAGE(Beat)
RH_MESSAGE(Goodbye)
RH_MESSAGE(Request)
RH_MESSAGE(Reply)
RH_MESSAGE(Stop)
RH_MESSAGE(Act)
RH_MESSAGE(Acted)
RH_MESSAGE(Define)
RH_MESSAGE(Accepted)
RH_MESSAGE(Received)
RH_MESSAGE(Stored)
RH_MESSAGE(Revoke)
RH_MESSAGE(Revoked)
RH_MESSAGE(Lent)
RH_MESSAGE(Died)
RH_MESSAGE(Offer)
RH_MESSAGE(Want)
RH_MESSAGE(Part)
RH_MESSAGE(Have)
RH_MESSAGE(Hint)
RH_MESSAGE(Output)
#undef RH_MESSAGE

}  // namespace roundhouse::wire
