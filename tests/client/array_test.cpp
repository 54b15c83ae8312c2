#include <numeric>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <roundhouse/array.hpp>

namespace rh = roundhouse;
using rh::Array;

namespace {

double total(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

TEST_CASE("an array takes the memory of a vector that is moved in") {
  std::vector<double> values{1, 2, 3};
  const double* memory = values.data();
  const Array<double> array(std::move(values));
  CHECK(array.data() == memory);
  CHECK(array.size() == 3);
  CHECK(array[1] == 2);
  CHECK(array.at(2) == 3);
  CHECK_THROWS_AS((void)array.at(3), std::out_of_range);
  CHECK(std::vector<double>(array.begin(), array.end()) == std::vector<double>{1, 2, 3});
  CHECK(total(array) == 6);
}

TEST_CASE("an array of a size holds zeros and can be edited") {
  Array<int> array(4);
  CHECK(array == Array<int>{0, 0, 0, 0});
  CHECK(array.writeable());
  array.edit()[2] = 5;
  CHECK(array == Array<int>{0, 0, 5, 0});
  CHECK(array != Array<int>{0, 0, 5});
}

TEST_CASE("a received array is read-only, its copy is not") {
  const std::vector<int> values{1, 2, 3, 4};
  const std::string_view bytes(reinterpret_cast<const char*>(values.data()), 16);
  Array<int> received = Array<int>::view_of(rh::Buffer::copy(bytes));
  CHECK(received == Array<int>{1, 2, 3, 4});
  CHECK_FALSE(received.writeable());
  CHECK_THROWS_AS((void)received.edit(), rh::ReadOnlyError);
  Array<int> own = received.copy();
  CHECK(own.writeable());
  own.edit()[0] = 9;
  CHECK(received[0] == 1);
}

TEST_CASE("what is shared cannot be edited until it is no longer shared") {
  Array<int> array(3);
  {
    const Array<int> other = array;
    CHECK(other.data() == array.data());
    CHECK_FALSE(array.writeable());
    CHECK_THROWS_AS((void)array.edit(), rh::ReadOnlyError);
  }
  CHECK(array.writeable());
  CHECK(array.edit().size() == 3);
}

TEST_CASE("bytes that are not aligned are copied to where they are") {
  const std::string bytes(33, 'x');
  const rh::Buffer whole = rh::Buffer::copy(bytes);
  const rh::Buffer odd =
      rh::Buffer::adopt(new rh::detail::PartBlock(whole, whole.view().substr(1)));
  const Array<double> array = Array<double>::view_of(odd);
  CHECK(array.size() == 4);
  CHECK(reinterpret_cast<std::uintptr_t>(array.data()) % alignof(double) == 0);
  CHECK_FALSE(array.writeable());
}

TEST_CASE("an empty array does no harm") {
  Array<double> array;
  CHECK(array.empty());
  CHECK(array.begin() == array.end());
  CHECK(array.edit().empty());
  CHECK(array.copy().empty());
  CHECK(Array<double>::view_of({}).empty());
}

}  // namespace
