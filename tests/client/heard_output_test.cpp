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
  CHECK(heard.add(part(0, "one\n")).text == "one\n");
  CHECK(heard.add(part(4, "two\n")).text == "two\n");
  const HeardOutput::Texts rest = heard.finish({{"one\ntwo\nthree\n", "", 14}, {"oops", "", 4}});
  CHECK(rest[0].text == "three\n");
  CHECK(rest[1].text == "oops");
  CHECK(heard.texts()[0].text == "one\ntwo\nthree\n");
  CHECK(heard.texts()[1].text == "oops");
}

TEST_CASE("of what was told and is left out of the outcome nothing is lost") {
  HeardOutput heard;
  (void)heard.add(part(0, "0123456789"));
  CHECK(heard.finish({{"01", "9ab", 12}, {}})[0].text == "ab");
  CHECK(heard.texts()[0].text == "0123456789ab");
}

TEST_CASE("where a part is missing the text says how much, and goes on") {
  HeardOutput heard;
  (void)heard.add(part(0, "01234"));
  CHECK(heard.add(part(7, "78")).text ==
        "\n[... 2 bytes left out ...]\n78");  // 5 and 6 did not come
  CHECK(heard.texts()[0].left_out == 2);
  CHECK(heard.add(part(9, "9")).text == "9");
  CHECK(heard.add(part(5, "56")).text.empty());  // too late
  CHECK(heard.texts()[0].text == "01234\n[... 2 bytes left out ...]\n789");
  CHECK(heard.finish({{"01", "yz", 36}, {}})[0].text == "\n[... 24 bytes left out ...]\nyz");
  CHECK(heard.texts()[0].text ==
        "01234\n[... 2 bytes left out ...]\n789\n[... 24 bytes left out ...]\nyz");
}

TEST_CASE("when the last parts are missing the outcome says how much") {
  HeardOutput heard;
  (void)heard.add(part(0, "01234"));
  CHECK(heard.finish({{"01", "yz", 36}, {}})[0].text == "\n[... 29 bytes left out ...]\nyz");
  HeardOutput none;
  CHECK(none.finish({{"01", "yz", 36}, {}})[0].text == "01\n[... 32 bytes left out ...]\nyz");
}

TEST_CASE("a gap that the outcome can fill is not in the text that is kept") {
  HeardOutput heard;
  CHECK(heard.add(part(2, "23")).text == "\n[... 2 bytes left out ...]\n23");
  CHECK(heard.finish({{"012345", "", 6}, {}})[0].text == "45");
  CHECK(heard.texts()[0].text == "012345");
  CHECK(heard.texts()[0].left_out == 0);
}

TEST_CASE("a part that begins a later run behind a gap says so, too") {
  HeardOutput heard;
  (void)heard.add(part(0, "first", 1));
  CHECK(heard.add(part(3, "cond", 2)).text == "\n[... 3 bytes left out ...]\ncond");
  CHECK(heard.texts()[0].text == "\n[... 3 bytes left out ...]\ncond");
}

TEST_CASE("without any part the text is that of the outcome") {
  HeardOutput heard;
  (void)heard.finish({{"head", "tail", 20}, {}});
  CHECK(heard.texts()[0].text == wire::PrintedStream{"head", "tail", 20}.text());
}

TEST_CASE("a later run begins anew, and an earlier one is not heard any more") {
  HeardOutput heard;
  (void)heard.add(part(0, "first", 1));
  CHECK(heard.add(part(0, "second", 2)).text == "second");
  CHECK(heard.add(part(5, "late", 1)).text.empty());
  CHECK(heard.texts()[0].text == "second");
  (void)heard.finish({{"third", "", 5}, {}});  // of which nothing was told
  CHECK(heard.texts()[0].text == "third");
}

TEST_CASE("more than the bound is not taken from parts") {
  HeardOutput heard;
  const std::string much(wire::kLiveBytesMax, 'x');
  CHECK_FALSE(heard.add(part(0, much)).text.empty());
  CHECK(heard.add(part(much.size(), "y")).text.empty());
  CHECK(heard.add(part(~0ULL, "y")).text.empty());
  CHECK(HeardOutput().add(part(0, much + "x")).text.empty());
  HeardOutput holes;  // whose marks are longer than what was said
  std::size_t size = 0;
  for (std::uint64_t at = 0; at < wire::kLiveBytesMax; at += 2)
    size += holes.add(part(at, "x")).text.size();
  CHECK(size <= wire::kLiveBytesMax);
  wire::Output strange = part(0, "x");
  strange.stream = 7;
  CHECK(heard.add(strange).text.empty());
}

}  // namespace
}  // namespace roundhouse::detail
