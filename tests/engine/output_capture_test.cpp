#include "engine/output_capture.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/support/temp_dir.hpp"

namespace roundhouse::engine {
namespace {

// Standard output goes to a file meanwhile.
class Elsewhere {
 public:
  explicit Elsewhere(const std::string& file) : before_(::dup(STDOUT_FILENO)) {
    std::fflush(stdout);
    file_ = std::fopen(file.c_str(), "w");
    ::dup2(::fileno(file_), STDOUT_FILENO);
  }

  Elsewhere(const Elsewhere&) = delete;
  Elsewhere& operator=(const Elsewhere&) = delete;

  ~Elsewhere() {
    std::fflush(stdout);
    ::dup2(before_, STDOUT_FILENO);
    ::close(before_);
    std::fclose(file_);
  }

 private:
  int before_;
  std::FILE* file_;
};

TEST_CASE("what C++, C, threads and children print is caught, and passed on") {
  const test::TempDir dir;
  const std::string file = dir.file("out");
  OutputCapture::Text text;
  {
    const Elsewhere elsewhere(file);
    std::cout << "before\n";
    OutputCapture capture;
    std::cout << "one ";
    std::printf("two ");
    std::jthread([] { std::cout << "three " << std::flush; }).join();
    CHECK(std::system("echo four; echo five >&2") == 0);
    std::fputs("six", stderr);
    text = capture.finish();
    std::cout << "behind\n" << std::flush;
  }
  CHECK(text.out == "one two three four\n");
  CHECK(text.err == "five\nsix");
  CHECK(test::read_file(file) == "before\none two three four\nbehind\n");
}

TEST_CASE("what is too much is cut, and the cut is told") {
  const test::TempDir dir;
  OutputCapture::Text text;
  {
    const Elsewhere elsewhere(dir.file("out"));
    OutputCapture capture;
    const std::string part(1024, 'x');
    for (std::size_t i = 0; i < OutputCapture::kBytesMax / 1024; ++i) std::cout << part;
    std::cout << "more" << std::flush;
    text = capture.finish();
  }
  CHECK(text.out.size() == OutputCapture::kBytesMax + 20);
  CHECK(text.out.ends_with("x\n... (4 more bytes)\n"));
  CHECK(test::read_file(dir.file("out")).size() == OutputCapture::kBytesMax);
}

TEST_CASE("a child that goes on printing is not waited for") {
  const test::TempDir dir;
  const Elsewhere elsewhere(dir.file("out"));
  OutputCapture capture;
  CHECK(std::system("echo now; (sleep 30; echo late) & ") == 0);
  CHECK(capture.finish().out == "now\n");
}

TEST_CASE("one after the other, without leaving descriptors behind") {
  const test::TempDir dir;
  const Elsewhere elsewhere(dir.file("out"));
  const int free = ::dup(0);
  ::close(free);
  for (int i = 0; i < 50; ++i) {
    OutputCapture capture;
    std::cout << i;
    CHECK(capture.finish().out == std::to_string(i));
  }
  const int then = ::dup(0);
  ::close(then);
  CHECK(free == then);
}

}  // namespace
}  // namespace roundhouse::engine
