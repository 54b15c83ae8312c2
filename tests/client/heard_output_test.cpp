#include "client/heard_output.hpp"

#include <doctest/doctest.h>

namespace roundhouse::detail {
namespace {

wire::Output part(std::uint64_t offset, std::string text, std::uint32_t attempt = 1) {
  wire::Output out;
  out.epoch = 1, out.attempt = attempt;
  out.offset = offset, out.text = std::move(text);
  return out;
}

TEST_CASE("parts in order make up the text, and the outcome adds what was not told") {
  HeardOutput heard;
  CHECK(heard.add(part(0, "one\n")) == "one\n");
  CHECK(heard.add(part(4, "two\n")) == "two\n");
  const HeardOutput::Texts rest = heard.finish({{"one\ntwo\nthree\n", "", 14}, {"oops", "", 4}});
  CHECK(rest[0] == "three\n");
  CHECK(rest[1] == "oops");
  CHECK(heard.texts()[0] == "one\ntwo\nthree\n");
  CHECK(heard.texts()[1] == "oops");
}

TEST_CASE("of what was told and is left out of the outcome nothing is lost") {
  HeardOutput heard;
  (void)heard.add(part(0, "0123456789"));
  CHECK(heard.finish({{"01", "9ab", 12}, {}})[0] == "ab");
  CHECK(heard.texts()[0] == "0123456789ab");
}

TEST_CASE("where a part is missing the text says how much") {
  HeardOutput heard;
  (void)heard.add(part(0, "01234"));
  CHECK(heard.add(part(7, "7")).empty());  // 5 and 6 did not come
  (void)heard.finish({{"01", "yz", 36}, {}});
  CHECK(heard.texts()[0] == "01234\n[... 29 bytes left out ...]\nyz");
}

TEST_CASE("without any part the text is that of the outcome") {
  HeardOutput heard;
  (void)heard.finish({{"head", "tail", 20}, {}});
  CHECK(heard.texts()[0] == wire::PrintedStream{"head", "tail", 20}.text());
}

TEST_CASE("a later run begins anew, and an earlier one is not heard any more") {
  HeardOutput heard;
  (void)heard.add(part(0, "first", 1));
  CHECK(heard.add(part(0, "second", 2)) == "second");
  CHECK(heard.add(part(5, "late", 1)).empty());
  CHECK(heard.texts()[0] == "second");
  (void)heard.finish({{"third", "", 5}, {}});  // of which nothing was told
  CHECK(heard.texts()[0] == "third");
}

TEST_CASE("more than the bound is not taken from parts") {
  HeardOutput heard;
  const std::string much(wire::kLiveBytesMax, 'x');
  CHECK_FALSE(heard.add(part(0, much)).empty());
  CHECK(heard.add(part(much.size(), "y")).empty());
  wire::Output strange = part(0, "x");
  strange.stream = 7;
  CHECK(heard.add(strange).empty());
}

}  // namespace
}  // namespace roundhouse::detail
