// Whether a result can be had as a type, by what the signature of its task says.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <roundhouse/result_type.hpp>

namespace rh = roundhouse;
using rh::detail::result_type;
using rh::detail::result_type_problem;

namespace result_types {

struct Survey {
  int lines = 0;
};

struct Surveys {
  int lines = 0;
};

}  // namespace result_types

namespace {

using result_types::Survey;
using result_types::Surveys;

template <class Wanted, class F>
std::string problem(const std::string& function = "survey") {
  return result_type_problem(function, rh::signature_of<F>(), result_type<Wanted>());
}

}  // namespace

TEST_CASE("a result is had as the type that its function returns, or as what travels like it") {
  CHECK(problem<int, int(int, int)>().empty());
  CHECK(problem<Survey, Survey(std::string)>().empty());
  CHECK(problem<std::vector<double>, rh::Array<double>(int)>().empty());
  CHECK(problem<rh::Array<double>, std::vector<double>(std::vector<double>)>().empty());
  CHECK(problem<std::string, std::string_view()>().empty());
  CHECK(problem<std::map<int, Survey>, std::map<int, Survey>(Survey, Survey)>().empty());
}

TEST_CASE("another type is a problem that names both, and the function") {
  const std::string text = problem<std::string, int(int, double)>();
  CHECK(text.find("'survey' takes (int, double) and returns int") != std::string::npos);
  CHECK(text.find("asked for as a std::string") != std::string::npos);
  CHECK_FALSE(problem<unsigned, int(int)>().empty());
  CHECK_FALSE(problem<long, int(int)>().empty());
  CHECK_FALSE(problem<Surveys, Survey(int)>().empty());
  CHECK_FALSE(problem<Survey, Surveys(int)>().empty());
  CHECK_FALSE(problem<std::vector<int>, std::vector<float>(int)>().empty());
  CHECK_FALSE(problem<int, std::vector<int>(int)>().empty());
  CHECK_FALSE(problem<int, void(int)>().empty());
  CHECK(problem<int, void(int)>().find("returns nothing") != std::string::npos);
}

TEST_CASE("a piece of a map is a list of what its function returns; a reduction is one of them") {
  CHECK(problem<std::vector<int>, int(std::string)>("map:survey").empty());
  CHECK(problem<std::vector<std::vector<int>>, rh::Array<int>(int)>("map:survey").empty());
  const std::string text = problem<int, int(std::string)>("map:survey");
  CHECK(text.find("'survey' takes (std::string) and returns int") != std::string::npos);
  CHECK(text.find("std::vector; its result was asked for as a int") != std::string::npos);
  CHECK_FALSE(problem<std::vector<long>, int(std::string)>("map:survey").empty());
  CHECK(problem<int, int(int, int)>("reduce:survey").empty());
  CHECK_FALSE(problem<std::vector<int>, int(int, int)>("reduce:survey").empty());
}

TEST_CASE("nothing is compared where there is nothing to compare with") {
  struct Local {};

  CHECK(problem<void, int(int)>().empty());
  CHECK(result_type_problem("roundhouse.pull", "", result_type<int>()).empty());
  CHECK(result_type_problem("roundhouse.pull", "", result_type<Local>()).empty());
  CHECK_FALSE(problem<Local, int(int)>().empty());
  CHECK(result_type_problem("f", "no signature", result_type<int>()).empty());
  CHECK_FALSE(result_type_problem("f", "F", result_type<int>()).empty());
}
