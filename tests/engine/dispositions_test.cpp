#include "engine/dispositions.hpp"

#include <csignal>

#include <doctest/doctest.h>

#include "shared/clock.hpp"

namespace roundhouse::engine {
namespace {

using namespace std::chrono_literals;

constexpr SignalSet kUsr1 = SignalSet{1} << (SIGUSR1 - 1U);
constexpr SignalSet kUrg = SignalSet{1} << (SIGURG - 1U);

void on_signal(int) {}

// As long as it lives a signal does something else.
class Doing {
 public:
  Doing(int signal, void (*action)(int)) : signal_(signal), before_(std::signal(signal, action)) {}

  Doing(const Doing&) = delete;
  Doing& operator=(const Doing&) = delete;

  ~Doing() { std::signal(signal_, before_); }

 private:
  int signal_;
  void (*before_)(int);
};

TEST_CASE("a signal that is ignored or handled has changed, and others have not") {
  const TimePoint now = steady_now();
  CHECK((Dispositions().changed(now) & (kUsr1 | kUrg)) == 0);
  {
    const Doing ignored(SIGUSR1, SIG_IGN);
    CHECK((Dispositions().changed(now) & (kUsr1 | kUrg)) == kUsr1);
  }
  {
    const Doing handled(SIGURG, &on_signal);
    CHECK((Dispositions().changed(now) & (kUsr1 | kUrg)) == kUrg);
  }
  CHECK((Dispositions().changed(now) & (kUsr1 | kUrg)) == 0);
}

TEST_CASE("what was seen is believed until it is old") {
  Dispositions at;
  const TimePoint now = steady_now();
  CHECK((at.changed(now) & kUsr1) == 0);
  const Doing ignored(SIGUSR1, SIG_IGN);
  CHECK((at.changed(now + kDispositionsKept - 1ns) & kUsr1) == 0);
  CHECK((at.changed(now + kDispositionsKept) & kUsr1) != 0);
}

TEST_CASE("what was seen is forgotten") {
  Dispositions at;
  const TimePoint now = steady_now();
  CHECK((at.changed(now) & kUsr1) == 0);
  const Doing ignored(SIGUSR1, SIG_IGN);
  at.forget();
  CHECK((at.changed(now) & kUsr1) != 0);
}

}  // namespace
}  // namespace roundhouse::engine
