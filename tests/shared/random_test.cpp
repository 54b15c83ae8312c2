#include "shared/random.hpp"

#include <set>
#include <string>

#include <doctest/doctest.h>

namespace roundhouse {

TEST_CASE("random numbers differ and are never zero") {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random_u64());
  CHECK(seen.size() == 1000);
  CHECK(seen.count(0) == 0);
}

TEST_CASE("random text is lower-case hexadecimal of the length asked for") {
  const std::string text = random_hex(16);
  CHECK(text.size() == 32);
  CHECK(text.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(text != random_hex(16));
  CHECK(random_hex(0).empty());
}

}  // namespace roundhouse
