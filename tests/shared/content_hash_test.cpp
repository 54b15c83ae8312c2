#include "shared/content_hash.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace roundhouse;

TEST_CASE("a content hash is BLAKE2b of 256 bits") {
  CHECK(to_string(content_hash("abc")) ==
        "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
  CHECK(to_string(content_hash("")) ==
        "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
}

TEST_CASE("pieces give the hash of the whole") {
  ContentHasher hasher;
  hasher.add("a");
  hasher.add("");
  hasher.add("bc");
  CHECK(hasher.finish() == content_hash("abc"));
  CHECK(content_hash("abd") != content_hash("abc"));
}

TEST_CASE("a content hash is read back from its text, and from nothing else") {
  const ContentHash hash = content_hash("abc");
  CHECK(parse_content_hash(to_string(hash)) == hash);
  CHECK(short_text(hash) == "bddd813c6342");
  CHECK_FALSE(parse_content_hash(short_text(hash)));
  CHECK_FALSE(parse_content_hash(to_string(hash) + "0"));
  CHECK_FALSE(parse_content_hash(std::string(64, 'g')));
  CHECK(ContentHash{}.empty());
  CHECK_FALSE(hash.empty());
}
