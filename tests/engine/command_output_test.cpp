#include "engine/command_output.hpp"

#include <string>

#include <doctest/doctest.h>

namespace roundhouse::engine {
namespace {

TEST_CASE("output that fits is kept as it is") {
  CommandOutput out(10);
  out.append("abcde");
  out.append("");
  out.append("fghij");
  CHECK(out.text() == "abcdefghij");
  CHECK(out.left_out() == 0);
  CHECK(CommandOutput(0).text().empty());
}

TEST_CASE("of more output beginning and end are kept, and it says how much is left out") {
  const std::string all = "0123456789abcdefghijklmnopqrstuvwxyz";
  // In pieces of every size, whatever their place in the ring.
  for (std::size_t piece = 1; piece <= all.size(); ++piece) {
    CommandOutput out(9);
    for (std::size_t at = 0; at < all.size(); at += piece) out.append(all.substr(at, piece));
    CAPTURE(piece);
    CHECK(out.text() == "01234\n[... 27 bytes left out ...]\nwxyz");
    CHECK(out.left_out() == 27);
  }
}

TEST_CASE("nothing is kept where nothing may be") {
  CommandOutput out(0);
  out.append("abc");
  CHECK(out.left_out() == 3);
  CHECK(out.text() == "\n[... 3 bytes left out ...]\n");
}

TEST_CASE("what was kept can be limited later") {
  CommandOutput out(100);
  out.append("0123456789");
  out.limit(20);
  CHECK(out.text() == "0123456789");
  out.limit(4);
  CHECK(out.text() == "01\n[... 6 bytes left out ...]\n89");
  CommandOutput cut(6);
  cut.append("0123456789");
  cut.limit(2);
  CHECK(cut.text() == "0\n[... 8 bytes left out ...]\n9");
}

TEST_CASE("a gigabyte takes no more memory than is kept") {
  CommandOutput out(1000);
  const std::string piece(1U << 20U, 'x');
  for (int i = 0; i < 1024; ++i) out.append(piece);
  CHECK(out.left_out() == (std::uint64_t{1} << 30U) - 1000);
  CHECK(out.text().size() < 1100);
}

}  // namespace
}  // namespace roundhouse::engine
