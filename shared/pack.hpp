#pragma once

// CORE. Packer and Unpacker: the subset of msgpack that the wire is made of.
//
// Written by hand because the hub reads millions of positional records a second and must neither
// allocate nor throw for a hostile byte; any msgpack library reads and writes the same bytes
// (https://github.com/msgpack/msgpack/blob/master/spec.md). Users' values go through msgpack-c.
// Thread rule: plain values.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace roundhouse::wire {

// Appends msgpack to a string that it does not own. Integers take their shortest form.
class Packer {
 public:
  explicit Packer(std::string& out) : out_(out) {}

  void nil() { byte(0xc0); }

  void boolean(bool value) { byte(value ? 0xc3 : 0xc2); }

  void u64(std::uint64_t value);
  void i64(std::int64_t value);
  void f64(double value);
  void str(std::string_view value);
  void bin(std::string_view value);
  // Only the header of a bin of `size` bytes: the caller appends exactly so many with raw().
  void bin_header(std::size_t size);
  void array(std::size_t count);
  void map(std::size_t count);

  void raw(std::string_view bytes) { out_.append(bytes); }

  [[nodiscard]] std::string& out() { return out_; }

 private:
  void byte(unsigned value) { out_.push_back(static_cast<char>(value)); }
  template <class T>
  void big_endian(unsigned tag, T value);
  std::string& out_;
};

// Reads msgpack from bytes that it does not own. The first mistake makes every later read return
// a zero value and ok() false: check once, at the end. Nothing is allocated; views point into
// the input. Lengths are checked against what is left before anything is believed.
class Unpacker {
 public:
  explicit Unpacker(std::string_view in) : in_(in) {}

  std::uint64_t u64();
  std::uint32_t u32();
  std::int64_t i64();
  double f64();  // an integer is taken, too
  bool boolean();
  bool nil();  // true, and consumed, when the next value is nil
  std::string_view str();
  std::string_view bin();  // a str is taken, too
  std::size_t array();     // count of elements; at most what is left in bytes
  std::size_t map();       // count of pairs; at most half of what is left in bytes
  void skip();             // one value of any kind, nested ones included, to a bounded depth
  std::string_view one();  // the bytes of the next value, skipped

  void fail() { failed_ = true; }

  [[nodiscard]] bool ok() const { return !failed_; }

  [[nodiscard]] bool done() const { return ok() && at_ == in_.size(); }

  [[nodiscard]] std::string_view rest() const { return in_.substr(at_); }

 private:
  [[nodiscard]] std::size_t left() const { return in_.size() - at_; }

  unsigned peek();
  unsigned take();
  std::uint64_t big_endian(std::size_t bytes);
  std::string_view bytes(std::uint64_t size);
  std::string_view sized(bool allow_str, bool allow_bin);
  void skip_one(std::uint64_t& pending);
  std::string_view in_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace roundhouse::wire
