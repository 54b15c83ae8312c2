// Code for which an engine has no memory left.
#include <fstream>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "engine/interpreter.hpp"
#include "tests/engine/interpreter/with_interpreter.hpp"

namespace roundhouse::engine {

namespace {

// While it lives, this process gets hardly any memory beyond what it has.
class LittleMemory {
 public:
  explicit LittleMemory(rlim_t more) {
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    REQUIRE(pages > 0);
    ::getrlimit(RLIMIT_AS, &before_);
    rlimit now = before_;
    now.rlim_cur = pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + more;
    REQUIRE(::setrlimit(RLIMIT_AS, &now) == 0);
  }

  LittleMemory(const LittleMemory&) = delete;
  LittleMemory& operator=(const LittleMemory&) = delete;

  ~LittleMemory() { ::setrlimit(RLIMIT_AS, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("what cannot be compiled for want of memory says so at once, and leaves all as it was") {
  RH_NEEDS_INTERPRETER();
  Interpreter& it = fresh_interpreter();
  value_of(it, "int n = 5;");
  for (const rlim_t more : {rlim_t{0}, rlim_t{4} << 20}) {
    CAPTURE(more);
    TaskError error;
    {
      const LittleMemory little(more);
      error = it.execute({"#include <regex>\nstd::regex pattern(\"a+\");", {}}).error;
    }
    CHECK(error.name == "std::bad_alloc");
    CHECK(error.value ==
          "this engine has no memory left to compile anything with: clear it, or, where memory was "
          "lost, restart it");
    CHECK(value_of(it, "n") == "5");
  }
  value_of(it, "#include <regex>\nstd::regex pattern(\"a+\");");
}

}  // namespace roundhouse::engine
