#include "shared/printed.hpp"

#include <doctest/doctest.h>

#include "shared/pack.hpp"

namespace roundhouse::wire {
namespace {

TEST_CASE("what a task printed comes back as it was sent") {
  const Printed printed{{"head", "tail", 100}, {std::string("\0\xff", 2), "", 2}};
  CHECK(decode_printed(encode_printed(printed)) == printed);
}

TEST_CASE("a task that printed nothing sends nothing") {
  CHECK(encode_printed({}).empty());
  CHECK(decode_printed("").empty());
}

TEST_CASE("what is left out is said where it was") {
  CHECK(PrintedStream{"begin", "end", 20}.text() == "begin\n[... 12 bytes left out ...]\nend");
  CHECK(PrintedStream{"all ", "of it", 9}.text() == "all of it");
}

TEST_CASE("what is no record of printing counts as nothing") {
  const std::string whole = encode_printed({{"head", "tail", 100}, {"e", "", 1}});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(decode_printed(whole.substr(0, size)).empty());
  }
  std::string lies;
  Packer p(lies);
  p.array(6);
  p.u64(3), p.bin("more"), p.bin("than three"), p.u64(0), p.bin(""), p.bin("");
  CHECK(decode_printed(lies).empty());
}

}  // namespace
}  // namespace roundhouse::wire
