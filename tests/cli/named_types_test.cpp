#include "cli/named_types.hpp"

#include <map>

#include <doctest/doctest.h>

#include "cli/commands.hpp"
#include <roundhouse/arguments.hpp>

namespace roundhouse::cli {

namespace {

template <class T>
T value_of(const char* word) {
  const NamedValue named = parse_named(word);
  CHECK(named.name == "a");
  return unpack_value<T>(named.packed, named.name);
}

}  // namespace

TEST_CASE("a value has the type that it has in C++") {
  CHECK(value_of<int>("a=5") == 5);
  CHECK(value_of<long>("a=-5000000000") == -5'000'000'000);
  CHECK(value_of<unsigned long>("a=18446744073709551615") == 18'446'744'073'709'551'615UL);
  CHECK(value_of<double>("a=5.0") == 5.0);
  CHECK(value_of<bool>("a=true"));
  CHECK(value_of<std::string>("a=x=y") == "x=y");
  CHECK(value_of<std::string>("a=").empty());
  CHECK(value_of<std::vector<int>>("a=[1, 2]") == std::vector{1, 2});
  CHECK(value_of<std::vector<long>>("a=[1, 5000000000]") == std::vector{1L, 5'000'000'000L});
  CHECK(value_of<std::vector<double>>("a=[1, 2.5]") == std::vector{1.0, 2.5});
  CHECK(value_of<std::vector<std::vector<double>>>("a=[[1], [2.5]]").size() == 2);
  CHECK(value_of<std::map<std::string, int>>(R"(a={"x": 1})").at("x") == 1);
}

TEST_CASE("a type that is said is the type") {
  CHECK(value_of<double>("a:double=5") == 5.0);
  CHECK(value_of<std::vector<double>>("a:vector<double>=[]").empty());
  CHECK(value_of<std::vector<double>>("a:std::vector< double >=[1]") == std::vector{1.0});
  CHECK(value_of<std::vector<std::string>>("a:std::vector<std::string>=[]").empty());
  CHECK(value_of<unsigned long>("a:uint64_t=1") == 1);
  CHECK(value_of<unsigned>("a:unsigned int=1") == 1);
  CHECK(value_of<unsigned long>("a:unsigned long=1") == 1);
  CHECK(value_of<unsigned long>("a:std::size_t=1") == 1);
  CHECK(value_of<std::vector<long>>("a:vector<int64_t>=[1]") == std::vector{1L});
  CHECK(value_of<std::map<std::string, std::vector<float>>>("a:map<vector<float>>={}").empty());
}

TEST_CASE("what has no type, a name or a value that does not fit is refused") {
  for (const char* wrong : {"a", "=5", "5=5", "a b=5", "a=null", "a=[]", "a={}", "a=[1, \"x\"]",
                            "a=[[1], 2]", "a:complex=5", "a:int=x", "a:int=2.5", "a:bool=1"})
    CHECK_THROWS_AS((void)parse_named(wrong), UsageError);
  CHECK_THROWS_WITH_AS((void)parse_named("a:int=x"), doctest::Contains("expected an integer"),
                       UsageError);
}

TEST_CASE("a name is one in C++") {
  CHECK(is_name("a_1"));
  for (const char* wrong : {"", "1a", "a-b", "a.b", "a b"}) CHECK_FALSE(is_name(wrong));
}

}  // namespace roundhouse::cli
