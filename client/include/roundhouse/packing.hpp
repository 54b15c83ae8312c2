// Encoder and Decoder: where raw arrays go, which frames they use, and what an error says.
//
// For serialize.hpp, which adds everything that depends on the type.
// Thread rule: one call each, on one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <roundhouse/array.hpp>
#include <roundhouse/body.hpp>
#include <roundhouse/buffer.hpp>
#include <roundhouse/encoded.hpp>
#include <roundhouse/error.hpp>
#include <roundhouse/type_name.hpp>

namespace roundhouse::detail {

// Appends values to an Encoded. Throws SerializationError when one is over a limit.
class Encoder {
 public:
  explicit Encoder(Encoded& out) : out_(out) {}

  [[nodiscard]] std::string& body() { return out_.body; }

  // How the bytes of an array that travels as frames are kept until they are sent.
  enum class Keep : std::uint8_t { copy, borrow };

  // Elements that somebody else owns.
  void raw(ElementType type, std::string_view bytes, Keep keep) {
    if (bytes.size() < kInlineArrayBytesMax) return raw_inline(type, bytes);
    put_frame_head(type, bytes.size());
    for_each_part(bytes, [&](std::string_view part) {
      out_.frames.push_back(keep == Keep::copy ? Buffer::copy(part)
                                               : Buffer::adopt(new BorrowedBlock(part)));
    });
    if (keep == Keep::borrow) out_.borrowed = true;
  }

  // Elements that `whole` owns; shared, not copied, when they travel as frames.
  void raw(ElementType type, const Buffer& whole) {
    if (whole.size() < kInlineArrayBytesMax) return raw_inline(type, whole.view());
    put_frame_head(type, whole.size());
    share_frames(whole);
  }

  void text(std::string_view text, Keep keep) {
    if (text.size() >= kInlineArrayBytesMax) return raw(kText, text, keep);
    put_text(out_.body, text);
  }

  void reference(std::string_view type, std::string_view name) {
    if (name.empty() || name.find('\0') != std::string_view::npos)
      throw SerializationError("the name of an rh::ref is empty or holds a zero byte");
    put_extension_head(out_.body, Extension::reference, type.size() + 1 + name.size());
    out_.body.append(type).push_back('\0');
    out_.body.append(name);
  }

  // The members of a struct by their names: `map` is a msgpack map.
  void keywords(std::string_view map) {
    if (map.size() > std::numeric_limits<std::uint32_t>::max())
      throw SerializationError("keyword arguments of 4 GiB or more cannot be packed");
    put_extension_head(out_.body, Extension::keywords, map.size());
    out_.body.append(map);
  }

  void list(std::size_t count) {
    if (count > std::numeric_limits<std::uint32_t>::max())
      throw SerializationError("a list of more than 4294967295 elements cannot be packed");
    put_array_head(out_.body, static_cast<std::uint32_t>(count));
  }

  // How the content of both extensions begins.
  [[nodiscard]] static std::string element_head(ElementType type) {
    std::string head(1, static_cast<char>(type.kind));
    if (type.kind == ElementKind::record) put_little_endian(head, type.size);
    return head;
  }

  // Content of the extension frame_array for as many bytes, whose frames are the next ones.
  [[nodiscard]] std::string frame_head(ElementType type, std::size_t bytes) const {
    const std::size_t count = (bytes + kArrayFrameBytesMax - 1) / kArrayFrameBytesMax;
    if (out_.frames.size() + count > kArrayFramesMax)
      throw SerializationError(
          "the arrays of one call or result are larger than 16 GiB in all, or "
          "more than 1024");
    std::string head = element_head(type);
    put_little_endian(head, static_cast<std::uint64_t>(bytes));
    put_little_endian(head, static_cast<std::uint32_t>(out_.frames.size()));
    put_little_endian(head, static_cast<std::uint32_t>(count));
    return head;
  }

  // The frames that frame_head() spoke of.
  void share_frames(const Buffer& whole) {
    for_each_part(whole.view(), [&](std::string_view part) {
      out_.frames.push_back(
          part.size() == whole.size() ? whole : Buffer::adopt(new PartBlock(whole, part)));
    });
  }

 private:
  void raw_inline(ElementType type, std::string_view bytes) {
    const std::string head = element_head(type);
    put_extension_head(out_.body, Extension::inline_array, head.size() + bytes.size());
    out_.body.append(head).append(bytes);
  }

  void put_frame_head(ElementType type, std::size_t bytes) {
    const std::string head = frame_head(type, bytes);
    put_extension_head(out_.body, Extension::frame_array, head.size());
    out_.body.append(head);
  }

  template <class F>
  static void for_each_part(std::string_view bytes, F&& use) {
    for (std::size_t at = 0; at < bytes.size(); at += kArrayFrameBytesMax)
      use(bytes.substr(at, kArrayFrameBytesMax));
  }

  Encoded& out_;
};

// The bytes of a received raw array: in the body, or in one or more frames.
struct RawBytes {
  std::string_view inlined;
  std::span<const Buffer> frames;
  std::size_t size = 0;

  // Precondition: `to` has room for `size` bytes.
  void copy_to(void* to) const {
    auto* at = static_cast<char*>(to);
    if (!inlined.empty()) std::memcpy(at, inlined.data(), inlined.size());
    for (const Buffer& frame : frames) {
      if (frame.empty()) continue;
      std::memcpy(at, frame.data(), frame.size());
      at += frame.size();
    }
  }

  // One Buffer of all bytes: the frame itself when there is just one.
  [[nodiscard]] Buffer buffer() const {
    if (frames.empty()) return Buffer::copy(inlined);
    if (frames.size() == 1) return frames[0];
    std::string joined(size, '\0');
    copy_to(joined.data());
    return Buffer::take(std::move(joined));
  }
};

// A name that stands for a value: rh::ref.
struct ReferenceView {
  std::string_view type;
  std::string_view name;
};

// Reads values from a body and its frames. Throws SerializationError, which says which argument,
// its type, what was expected and what is there instead.
class Decoder {
 public:
  Decoder(std::string_view body, std::span<const Buffer> frames) : reader_(body), frames_(frames) {
    for (const Buffer& frame : frames) frame_bytes_left_ += frame.size();
  }

  // What is being read, for error messages: "argument 2 of 3 (int)", "result (int)".
  void reads(const char* what, const char* mangled_type, std::size_t number = 0,
             std::size_t count = 0) {
    what_ = what;
    type_ = mangled_type;
    number_ = number;
    count_ = count;
  }

  [[nodiscard]] BodyReader& reader() { return reader_; }

  // The head of the argument list.
  void begin_arguments(std::size_t count) {
    const BodyToken token = reader_.peek();
    if (token.kind != BodyKind::list)
      throw SerializationError("expected a list of arguments, got " +
                               std::string(to_string(token.kind)));
    if (token.number != count)
      throw SerializationError("expected " + std::to_string(count) + " arguments, got " +
                               std::to_string(token.number));
    reader_.drop(token);
  }

  // Everything must have been read, and every frame used once.
  void finish() const {
    if (!reader_.at_end())
      throw SerializationError(std::to_string(reader_.rest().size()) +
                               " bytes too many after the last value");
    if (frame_bytes_left_ != 0)
      throw SerializationError(std::to_string(frame_bytes_left_) +
                               " bytes of frames that no value uses");
  }

  [[noreturn]] void fail(std::string_view expected) {
    const BodyToken token = reader_.peek();
    fail(expected, is_keywords(token) ? "members by their names" : to_string(token.kind));
  }

  [[noreturn]] void fail(std::string_view expected, std::string_view got) const {
    throw SerializationError(where() + ": expected " + std::string(expected) + ", got " +
                             std::string(got));
  }

  [[nodiscard]] std::string where() const {
    std::string out = what_;
    if (count_ != 0) out += " " + std::to_string(number_) + " of " + std::to_string(count_);
    return out + " (" + readable_type(type_) + ")";
  }

  // Whether a raw array comes next.
  [[nodiscard]] bool at_raw() const { return reader_.peek().kind == BodyKind::extension; }

  // The raw array that comes next.
  [[nodiscard]] RawBytes take_raw(ElementType type) {
    const BodyToken token = reader_.peek();
    if (token.kind != BodyKind::extension) fail("a raw array");
    const RawBytes out = resolve(token.extension, token.bytes, type);
    reader_.drop(token);
    return out;
  }

  // The raw array that an extension of this type and content stands for.
  [[nodiscard]] RawBytes resolve(std::int8_t extension, std::string_view content,
                                 ElementType type) {
    if (extension == static_cast<std::int8_t>(Extension::reference))
      fail(name_of(type), "an rh::ref, which cannot be used here");
    if (extension == static_cast<std::int8_t>(Extension::keywords))
      fail(name_of(type), "members by their names");
    if (extension != static_cast<std::int8_t>(Extension::inline_array) &&
        extension != static_cast<std::int8_t>(Extension::frame_array))
      fail("a raw array", "an extension of an unknown type");
    if (const ElementType got = take_element_head(content); got != type)
      fail(name_of(type), name_of(got));
    RawBytes out;
    if (extension == static_cast<std::int8_t>(Extension::inline_array)) {
      out.inlined = content;
      out.size = out.inlined.size();
    } else {
      out = framed(content);
    }
    if (out.size % type.size != 0)
      fail(name_of(type), std::to_string(out.size) + " bytes, which are no whole number of them");
    return out;
  }

  // The name that comes next instead of a value; false when a value does.
  [[nodiscard]] bool take_reference(ReferenceView& out) {
    const BodyToken token = reader_.peek();
    if (token.kind != BodyKind::extension ||
        token.extension != static_cast<std::int8_t>(Extension::reference))
      return false;
    const std::size_t zero = token.bytes.find('\0');
    if (zero == std::string_view::npos || zero + 1 == token.bytes.size())
      fail("an rh::ref", "one without a name");
    out = {token.bytes.substr(0, zero), token.bytes.substr(zero + 1)};
    reader_.drop(token);
    return true;
  }

  // Members by name that come next; false when something else does. `map` is one whole value.
  [[nodiscard]] bool take_keywords(std::string_view& map) {
    const BodyToken token = reader_.peek();
    if (!is_keywords(token)) return false;
    BodyReader inside(token.bytes);
    if (inside.peek().kind != BodyKind::map || !inside.skip(map) || !inside.at_end())
      fail("members by their names", "bytes that are no map");
    reader_.drop(token);
    return true;
  }

  // The head of a list, whose elements cannot be more than the bytes that are left.
  [[nodiscard]] std::size_t take_list() {
    const BodyToken token = reader_.peek();
    if (token.kind != BodyKind::list) fail("a list");
    if (token.number > reader_.rest().size() - token.size) fail("a list", "one that is cut short");
    reader_.drop(token);
    return static_cast<std::size_t>(token.number);
  }

 private:
  [[nodiscard]] static bool is_keywords(const BodyToken& token) {
    return token.kind == BodyKind::extension &&
           token.extension == static_cast<std::int8_t>(Extension::keywords);
  }

  [[nodiscard]] static std::string name_of(ElementType type) {
    return element_name(static_cast<std::uint8_t>(type.kind), type.size);
  }

  // Takes element_head() off; the size is only said of records, and is that of nothing else.
  [[nodiscard]] ElementType take_element_head(std::string_view& content) const {
    if (content.empty()) fail("a raw array", "an extension without content");
    ElementType out;
    out.kind = static_cast<ElementKind>(content[0]);
    out.size = size_of(out.kind);
    content.remove_prefix(1);
    if (out.kind != ElementKind::record) return out;
    if (content.size() < sizeof(out.size)) fail("a raw array", "structs of an unknown size");
    std::memcpy(&out.size, content.data(), sizeof(out.size));
    content.remove_prefix(sizeof(out.size));
    return out;
  }

  [[nodiscard]] RawBytes framed(std::string_view content) {
    std::uint64_t bytes = 0;
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    if (content.size() != sizeof(bytes) + sizeof(first) + sizeof(count))
      fail("an array in frames", "a description of the wrong size");
    std::memcpy(&bytes, content.data(), sizeof(bytes));
    std::memcpy(&first, content.data() + 8, sizeof(first));
    std::memcpy(&count, content.data() + 12, sizeof(count));
    if (first > frames_.size() || count > frames_.size() - first)
      fail("an array in frames", "frames " + std::to_string(first) + " and " +
                                     std::to_string(count) + " on, of which there are only " +
                                     std::to_string(frames_.size()));
    RawBytes out;
    out.frames = frames_.subspan(first, count);
    for (const Buffer& frame : out.frames) out.size += frame.size();
    if (out.size != bytes)
      fail("an array of " + std::to_string(bytes) + " bytes",
           "frames of " + std::to_string(out.size));
    // Each frame once: else a few bytes could ask for any amount of memory.
    if (out.size > frame_bytes_left_) fail("an array in frames", "frames that are used twice");
    frame_bytes_left_ -= out.size;
    return out;
  }

  BodyReader reader_;
  std::span<const Buffer> frames_;
  std::size_t frame_bytes_left_ = 0;
  const char* what_ = "value";
  const char* type_ = "";
  std::size_t number_ = 0;
  std::size_t count_ = 0;
};

}  // namespace roundhouse::detail
