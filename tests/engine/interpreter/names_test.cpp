// The names of an engine and the variables of its code are one.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/interpreter.hpp"
#include "tests/engine/interpreter/with_interpreter.hpp"
#include <roundhouse/this_engine.hpp>

namespace roundhouse::engine {

namespace {

using Doubles = std::vector<double>;

template <class T>
PackedValue packed(const T& value) {
  PackedValue out;
  out.type = type_name<T>();
  encode_result(out.value, value);
  return out;
}

// As an engine does it for a client.
template <class T>
void push(Interpreter& it, const std::string& name, const T& value) {
  if (!it.assign(name, packed(value))) interpreters_host().data().push(name, packed(value));
}

template <class T>
T pull(Interpreter& it, const std::string& name) {
  PackedValue out;
  std::string error;
  Lookup found = interpreters_host().data().pull(name, out, error);
  if (found == Lookup::no_such_name) found = it.pull(name, out, error);
  INFO(error);
  REQUIRE(found == Lookup::found);
  CHECK(out.type == type_name<T>());
  return decode_result<T>(out.value.body, out.value.frames, name.c_str());
}

template <class R, class... A>
R call(Interpreter& it, const std::string& function, const A&... arguments) {
  const Encoded encoded = encode_values(arguments...);
  Reply reply;
  it.call(CallKind::call, function, {encoded.body, encoded.frames, &interpreters_host()}, reply);
  INFO(reply.error.value << reply.error.traceback);
  REQUIRE(reply.ok);
  return decode_result<R>(reply.result.body, reply.result.frames, "result");
}

template <class... A>
TaskError failed_call(Interpreter& it, const std::string& function, const A&... arguments) {
  const Encoded encoded = encode_values(arguments...);
  Reply reply;
  it.call(CallKind::call, function, {encoded.body, encoded.frames, &interpreters_host()}, reply);
  CHECK_FALSE(reply.ok);
  return reply.error;
}

}  // namespace

TEST_CASE("a value that a client has named is a variable of its type") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  push(it, "a", Doubles{1, 2});
  push(it, "words", std::map<std::string, int>{{"x", 3}});
  push(it, "text", std::string("hello"));
  CHECK(value_of(it, "a[0] + a[1] + words[\"x\"] + text.size()") == "11");
  value_of(it, "double sum() { double out = 0; for (double x : a) out += x; return out; }");
  CHECK(value_of(it, "a.push_back(10); sum()") == "13");
  CHECK(pull<Doubles>(it, "a") == Doubles{1, 2, 10});
  push(it, "a", Doubles{5});  // functions see what the name means now
  CHECK(value_of(it, "sum()") == "5");
  CHECK(call<double>(it, "sum") == 5);
  push(it, "a", 7);  // of another type: older code keeps the older one
  CHECK(value_of(it, "a + sum()") == "12");
  push(it, "n", std::vector<std::vector<float>>{{1.5F}});  // no usual type: packing is compiled
  CHECK(value_of(it, "n[0][0]") == "1.5");
}

TEST_CASE("a variable that code declares is found by its name") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(it, "double mean = 2.5; int n = 5; std::vector<std::string> words{\"a\", \"b\"};");
  value_of(it, "const int k = 9; auto& alias = n; std::set<int> several{3, 1};");
  CHECK(pull<double>(it, "mean") == 2.5);
  CHECK(pull<std::vector<std::string>>(it, "words") == std::vector<std::string>{"a", "b"});
  value_of(it, "alias = 6;");
  CHECK(pull<int>(it, "alias") == 6);
  CHECK(pull<std::set<int>>(it, "several") == std::set<int>{1, 3});
  value_of(it, "std::string n = \"anew\";");
  CHECK(pull<std::string>(it, "n") == "anew");
  const std::vector<std::string> names = it.names();
  CHECK(std::ranges::count(names, "mean") == 1);
  CHECK(std::ranges::is_sorted(names));

  std::string error;
  PackedValue out;
  CHECK(it.pull("missing", out, error) == Lookup::no_such_name);
  CHECK(error.find("'missing'") != std::string::npos);
  Pin pin;
  CHECK(it.get("mean", detail::object_type<int>(), pin, error) == Lookup::wrong_type);
  CHECK(error.find("double") != std::string::npos);
  REQUIRE(it.get("mean", detail::object_type<double>(), pin, error) == Lookup::found);
  *static_cast<double*>(pin.object) = 4;  // a task changes it in place
  CHECK(value_of(it, "mean") == "4");
  it.clear();
  CHECK(*static_cast<double*>(pin.object) == 4);  // pinned
  CHECK(it.pull("mean", out, error) == Lookup::no_such_name);
}

TEST_CASE("what is said last of a name holds") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  push(it, "x", 1);
  value_of(it, "int next() { return x + 1; }");
  value_of(it, "std::string x = \"code\";");
  CHECK(pull<std::string>(it, "x") == "code");
  push(it, "x", std::string("client"));  // the same type: the variable of the code
  CHECK(value_of(it, "x") == "\"client\"");
  push(it, "x", 2.5);
  CHECK(value_of(it, "x") == "2.5");
  CHECK(pull<double>(it, "x") == 2.5);
  CHECK(value_of(it, "next()") == "2");  // it was compiled with the first
  value_of(it, "int y = 5; int get_y() { return y; }");
  push(it, "y", 6);
  CHECK(call<int>(it, "get_y") == 6);
}

TEST_CASE("a value that has the name of a namespace hides nothing, and stays") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(it, "namespace mine { int n = 4; } namespace short_name = mine;");
  for (const std::string name : {"std", "roundhouse", "mine", "short_name", "int"}) {
    push(it, name, 5);
    CHECK(value_of(it, "std::string(\"x\") + std::to_string(mine::n)") == "\"x4\"");
    CHECK(value_of(it, "namespace roundhouse {} int " + name + "_too = short_name::n;").empty());
    CHECK(pull<int>(it, name) == 5);
  }
  push(it, "größe", 7);
  CHECK(value_of(it, "größe + 1") == "8");
}

TEST_CASE("functions that code declares are called by name with packed arguments") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(it, R"(
double scale(const std::vector<double>& v, double f) {
  double s = 0;
  for (double x : v) s += f * x;
  return s;
}
std::string join(std::vector<std::string> words) {
  std::string out;
  for (auto& w : words) out += w;
  return out;
}
int calls = 0;
void count() { ++calls; }
namespace ns { int inner(int x) noexcept { return -x; } }
double fails(double) { throw std::out_of_range("too far"); }
int overloaded(int x) { return x; } int overloaded(double) { return 0; }
std::size_t length(std::string_view text) { return text.size(); }
)");
  CHECK(call<double>(it, "scale", Doubles{1, 2}, 10.0) == 30);
  CHECK(call<std::string>(it, "join", std::vector<std::string>{"a", "b"}) == "ab");
  const Encoded none = encode_values();
  Reply reply;
  it.call(CallKind::call, "count", {none.body, none.frames, &interpreters_host()}, reply);
  CHECK(reply.ok);
  CHECK(pull<int>(it, "calls") == 1);
  CHECK(call<int>(it, "ns::inner", 4) == -4);
  CHECK(call<std::size_t>(it, "length", std::string("four")) == 4);  // no usual type
  CHECK(failed_call(it, "fails", 1.0).name == "std::out_of_range");
  CHECK(failed_call(it, "missing", 1.0).name == "NameError");
  CHECK(failed_call(it, "overloaded", 1).name == "NameError");
  CHECK(failed_call(it, "scale", 1.0).name == "SerializationError");
  value_of(it, "std::string join(std::vector<std::string> words) { return words.at(1); }");
  CHECK(call<std::string>(it, "join", std::vector<std::string>{"a", "b"}) == "b");
  push(it, "samples", Doubles{1, 2, 3});
  CHECK(call<double>(it, "scale", Ref<Doubles>{"samples"}, 2.0) == 12);
}

struct Survey {
  int lines = 0;
  std::string word;
  MSGPACK_DEFINE(lines, word)
};

TEST_CASE("users' structs are variables, too, and travel under the name that they always had") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  const std::string head = "#include <roundhouse/serialize.hpp>\nnamespace roundhouse::engine {\n";
  value_of(it, head + "struct Survey { int lines = 1; MSGPACK_DEFINE(lines) };\n}");
  value_of(it, head +
                   "struct Survey { int lines = 1; std::string word; "
                   "MSGPACK_DEFINE(lines, word) };\n}");
  value_of(it, "roundhouse::engine::Survey s; s.lines = 4; s.word = \"w\";");
  const auto got = pull<Survey>(it, "s");
  CHECK(got.lines == 4);
  CHECK(got.word == "w");
  push(it, "t", Survey{8, "theirs"});
  CHECK(value_of(it, "t.word + std::to_string(t.lines)") == "\"theirs8\"");
  value_of(it,
           "roundhouse::engine::Survey more(const roundhouse::engine::Survey& of) {\n"
           "  return {of.lines + 1, of.word + \"!\"};\n}");
  CHECK(call<Survey>(it, "more", Survey{1, "x"}).word == "x!");
  value_of(it, "struct Plain { int x; }; Plain p{1};");
  std::string error;
  PackedValue out;
  CHECK(it.pull("p", out, error) == Lookup::wrong_type);
  CHECK(error.find("cannot be packed") != std::string::npos);
  CHECK(value_of(it, "p.x") == "1");
}

TEST_CASE("all that code itself has declared is told, and what it is") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  CHECK(it.declared().empty());
  value_of(it, "#include <cmath>\n#include <thread>");
  CHECK(it.declared().empty());
  value_of(it, "int n = 5; std::vector<double> v; double half(double x) { return x / 2; }");
  value_of(it, "struct P { int a; }; namespace ns { int inner; } template <class T> T f(T x);");
  value_of(it, "using Numbers = std::vector<int>; enum class E { a }; auto text = \"a\";");
  using Names = std::vector<KnownName>;
  CHECK(it.declared() == Names{{"E", "enum"},
                               {"Numbers", "type"},
                               {"P", "struct"},
                               {"f", "template"},
                               {"half", "double (double)"},
                               {"n", "int"},
                               {"ns", "namespace"},
                               {"text", "const char *"},
                               {"v", "std::vector<double>"}});
  value_of(it, "std::string n;");
  push(it, "v", 7);
  const Names later = it.declared();
  CHECK(std::ranges::find(later, KnownName{"n", "std::string"}) != later.end());
  CHECK(std::ranges::find(later, "v", &KnownName::name) == later.end());
}

}  // namespace roundhouse::engine
