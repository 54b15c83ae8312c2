#include <array>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

#include <doctest/doctest.h>

#include <roundhouse/type_name.hpp>

namespace rh = roundhouse;
using rh::SerializationError;

namespace type_name_test {

struct Point {};

enum class Colour { red, green };

template <auto>
struct WithValue {};

}  // namespace type_name_test

namespace {

using type_name_test::Point;

template <class F>
std::string refusal(F&& run) {
  try {
    run();
  } catch (const SerializationError& error) {
    return error.what();
  }
  return "not refused";
}

TEST_CASE("types are named by what they hold, and nameless ones are refused") {
  CHECK(rh::type_name<std::span<const double>>() == rh::type_name<std::vector<double>>());
  CHECK(rh::type_name<rh::Array<double>>() == rh::type_name<std::vector<double>>());
  CHECK(rh::type_name<const char*>() == rh::type_name<std::string>());
  CHECK(rh::type_name<const int&>() == rh::type_name<int>());
  CHECK(rh::readable_type(rh::type_name<std::map<std::string, std::vector<Point>>>()) ==
        "std::map<std::string, std::vector<type_name_test::Point>>");
  CHECK(rh::readable_signature(rh::signature_of<Point(std::string_view, rh::Array<int>)>()) ==
        "takes (std::string, std::vector<int>) and returns type_name_test::Point");
  CHECK(rh::readable_signature(rh::signature_of<void()>()) == "takes () and returns nothing");

  struct Local {};

  CHECK(refusal([] { (void)rh::type_name<Local>(); }) != "not refused");
  CHECK(refusal([] { (void)rh::type_name<std::vector<Local>>(); }) != "not refused");
  CHECK(refusal([] { (void)rh::type_name<decltype([] {})>(); }) != "not refused");
  CHECK(refusal([] { (void)rh::signature_of<int(Local)>(); }) != "not refused");
}

struct ZU {};  // letters that mean something in mangled names

TEST_CASE("values among template arguments do not look like names") {
  CHECK(rh::naming_problem(typeid(std::array<int, 12>).name()).empty());
  CHECK(rh::naming_problem(typeid(type_name_test::Colour).name()).empty());
  CHECK(rh::naming_problem(typeid(type_name_test::WithValue<type_name_test::Colour::green>).name())
            .empty());
  CHECK(rh::naming_problem("9WithValueIL6Colour2EE").empty());
  CHECK(rh::naming_problem("FvA12_iDv4_f2ZUE").empty());
  CHECK(rh::naming_problem("St3mapISs3FooSt4lessISsESaISt4pairIKSsS0_EEE").empty());
  CHECK_FALSE(rh::naming_problem(typeid(ZU).name()).empty());  // in an unnamed namespace
  CHECK_FALSE(rh::naming_problem("Z4mainE1X").empty());
  CHECK_FALSE(rh::naming_problem("St6vectorIZ4mainE1XSaIS0_EE").empty());
}

TEST_CASE("a name that stands for gigabytes is shown as it came") {
  std::string bomb = "St4pairIiiE";
  for (int i = 0; i < 60; ++i) bomb = "St4pairI" + bomb + "S" + std::to_string(i % 10) + "_E";
  CHECK(rh::readable_type(bomb).size() < 300);
  CHECK(rh::readable_type(std::string(1 << 20, 'x')).size() < 300);
  CHECK(rh::readable_type("no mangled name") == "no mangled name");
  CHECK(rh::quoted(std::string(1000, 'x')).size() < 300);
}

}  // namespace
