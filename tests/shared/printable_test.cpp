#include "shared/printable.hpp"

#include <sstream>

#include <doctest/doctest.h>

namespace roundhouse {
namespace {

TEST_CASE("nothing from outside steers the terminal") {
  CHECK(printable("plain, with ü and 漢") == "plain, with ü and 漢");
  CHECK(printable("a\x1b[31mb") == "a\\x1b[31mb");
  CHECK(printable("a\nb\tc\rd\x7f") == "a\\nb\\tc\\rd\\x7f");
  CHECK(printable(std::string_view("\0x", 2)) == "\\x00x");
  CHECK(printable("\xc2\x9b") == "\\u009b");      // C1: as good as ESC [
  CHECK(printable("\xe2\x80\xae") == "\\u202e");  // right to left from here
  CHECK(printable("\xef\xbb\xbf") == "\\ufeff");  // byte order mark
  CHECK(printable_lines("a\n\tb\r\x1b") == "a\n\tb\\r\\x1b");
}

TEST_CASE("bytes that are not UTF-8 are written out one by one") {
  CHECK(printable("\xff") == "\\xff");
  CHECK(printable("\xc3") == "\\xc3");                    // cut short
  CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");           // overlong
  CHECK(printable("\xe0\x80\xaf") == "\\xe0\\x80\\xaf");  // overlong
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // a surrogate
  CHECK(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");
  CHECK(printable("\xf0\x9f\x9a\x82") == "\xf0\x9f\x9a\x82");
}

TEST_CASE("text is shown under its title, in one line when it is one") {
  std::ostringstream out;
  show_text(out, "[stdout:0]", "one");
  show_text(out, "[stdout:1]", "two\nlines\x1b\n");
  show_text(out, "", "as it is\n");
  show_text(out, "[stdout:2]", "");
  CHECK(out.str() == "[stdout:0] one\n[stdout:1]\ntwo\nlines\\x1b\nas it is\n");
}

}  // namespace
}  // namespace roundhouse
