#include "cli/open_input.hpp"

#include <string>

#include <doctest/doctest.h>

namespace roundhouse::cli {

namespace {

bool is_whole(std::string_view text) {
  return open_part(text) == Open::nothing;
}

}  // namespace

TEST_CASE("statements and expressions are whole") {
  for (const char* text : {"",
                           "  \n",
                           "int n = 5;",
                           "n + 1",
                           "f(2)",
                           "x++",
                           "a[1]",
                           "{ f(); }",
                           "int f() { return 1; }",
                           "std::cout << n",
                           "[](int x) { return x; }(2)",
                           "return f(2)",
                           "throw E(1)",
                           "a * f(2)",
                           "struct P { int a; };",
                           "// a comment (",
                           "int a; // {",
                           "/* ( */ 1",
                           "else_where",
                           "n;\n\n"}) {
    CAPTURE(std::string(text));
    CHECK(is_whole(text));
  }
}

TEST_CASE("brackets of each kind are open until they are closed") {
  for (const char* text : {"f(", "f(1,", "a[", "int f() {", "{ { }", "([{", "f(a[1]", "if (a) {"})
    CHECK(open_part(text) == Open::bracket);
  CHECK(is_whole("int f() {\n  return (1);\n}"));
}

TEST_CASE("a bracket that closes another one is for the compiler to tell") {
  for (const char* text : {")", "f(]", "}", "{ ( }", "(]("}) CHECK(is_whole(text));
}

TEST_CASE("brackets in strings, characters and comments are none") {
  for (const char* text : {"\"(\"", "'('", "\"\\\"(\"", "'\\''", "f(\")\")", "/* { */ 1",
                           "1'000'000", "0x1'f", "std::string(\"{\")", "u8\"(\"", "L'{'"}) {
    CAPTURE(std::string(text));
    CHECK(is_whole(text));
  }
  CHECK(open_part("f(')'") == Open::bracket);
  CHECK(open_part("{ // }") == Open::bracket);
}

TEST_CASE("a string ends with its line, for no other line can close it") {
  CHECK(is_whole("\"abc"));
  CHECK(is_whole("std::cout << \"abc;\n"));
  CHECK(is_whole("'"));
  CHECK(open_part("\"abc\\") == Open::line);
  CHECK(is_whole("\"abc\\\ndef\""));
}

TEST_CASE("a raw string goes on to its own end") {
  CHECK(open_part("R\"(a") == Open::text);
  CHECK(open_part("R\"x(a)\"") == Open::text);
  CHECK(open_part("u8R\"(\n\n") == Open::text);
  CHECK(is_whole("R\"(a\n( \" )\""));
  CHECK(is_whole("R\"x(a)\")x\""));
  CHECK(is_whole("FOR\"(\""));
  CHECK(open_part("f(R\"(a)\"") == Open::bracket);
}

TEST_CASE("a comment goes on to its end") {
  CHECK(open_part("/* a") == Open::comment);
  CHECK(open_part("int a; /* a\nb") == Open::comment);
  CHECK(is_whole("/* a\nb */"));
  CHECK(is_whole("// /*"));
}

TEST_CASE("a backslash at the end asks for a line") {
  CHECK(open_part("int a \\") == Open::line);
  CHECK(open_part("int a \\  ") == Open::line);
  CHECK(open_part("#define A \\") == Open::line);
  CHECK(is_whole("int a \\\n;"));
  CHECK(is_whole("#define A \\\n  1"));
}

TEST_CASE("directives have no brackets, and conditionals an end") {
  CHECK(is_whole("#include <vector>"));
  CHECK(is_whole("#define OPEN {"));
  CHECK(is_whole("#error don't (\n"));
  CHECK(open_part("#define A /* x") == Open::comment);
  for (const char* text : {"#if 1", "#ifdef A\nint a;", "# ifndef A", "#if 1\n#if 2\n#endif"})
    CHECK(open_part(text) == Open::conditional);
  CHECK(is_whole("#if 1\nint a;\n#endif"));
  CHECK(is_whole("#if A\nvoid f() {\n#else\nvoid g() {\n#endif\n}"));
  CHECK(is_whole("#endif"));
  CHECK(is_whole("a # b"));
}

TEST_CASE("an operator or a comma at the end asks for more") {
  for (const char* text :
       {"1 +", "a =", "std::cout <<", "f(1),", "a &&", "x ?", "std::", "!", "p->", "s."}) {
    CAPTURE(std::string(text));
    CHECK(open_part(text) == Open::statement);
  }
  CHECK(is_whole("x--"));
  CHECK(is_whole("1 +\n2"));
}

TEST_CASE("a head without a body asks for it") {
  for (const char* text :
       {"if (a)", "for (;;)", "while (f(1))", "if constexpr (a)", "if (a) { } else", "do", "try",
        "int f(int x)", "std::string name()", "unsigned long g(int,\n int)", "struct P",
        "enum class E : int", "namespace a::b", "template <class T>", "template <class T> T f(T x)",
        "class A : public B", "int a = 1; int f()"}) {
    CAPTURE(std::string(text));
    CHECK(open_part(text) == Open::statement);
  }
  CHECK(is_whole("int f(int x)\n{\n  return x;\n}"));
  CHECK(is_whole("if (a)\n  f();"));
  CHECK(is_whole("struct P\n{\n};"));
  CHECK(is_whole("template <class T>\nT twice(T x) { return x; }"));
  CHECK(is_whole("for (int i = 0; i < 3; ++i) f(i)"));
}

}  // namespace roundhouse::cli
