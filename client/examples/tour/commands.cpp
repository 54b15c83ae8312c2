// Other people's programs: engines run them, too.
//
// A command is words, no shell. What it printed, how it ended and what it took come back.
#include <chrono>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "tour.hpp"

namespace {

using namespace std::chrono_literals;

void show(const rh::Cluster& cluster) {
  const rh::Client client = cluster.connect();

  // On each engine; an exit status other than 0 is a result like any other.
  const std::vector<rh::CommandResult> each = client[rh::all].command(
      {"sh", "-c", "echo $0, $GREETING; exit 3", "here"}, {.env = {{"GREETING", "hello"}}});
  for (const rh::CommandResult& one : each) {
    std::cout << one.out << rh::ending_of(one) << '\n';
    tour::check(one.out == "here, hello\n" && one.exit_code == 3, "a command ran on each engine");
  }

  // On whichever is free, with standard input; arguments are passed byte by byte.
  const rh::LoadBalancedView any = client.load_balanced_view();
  const auto sorted = any.command_async({"sort"}, {.stdin = "b\na\n"});
  tour::check(sorted.get().out == "a\nb\n", "it read its input");
  tour::check(any.command({"printf", "%s", "* $HOME"}).out == "* $HOME", "no shell in between");

  // Checked: then it is an error, tried again where there are retries.
  try {
    (void)any.with({.retries = 1}).command({"ls", "/no/such/file"}, {.check = true});
    tour::check(false, "ls finds it");
  } catch (const rh::RemoteError& error) {
    std::cout << error.what() << '\n';
    const auto result = rh::failed_command(error.info());
    tour::check(error.name() == rh::kCommandFailed && result && result->exit_code != 0,
                "what failed can be asked how");
  }

  // With a limit it ends, and all that it has started.
  try {
    (void)any.command({"sleep", "1000"}, {.time_limit = 100ms});
    tour::check(false, "it slept");
  } catch (const rh::TimeLimitExceeded& error) {
    tour::check(true, error.value());
  }
}

}  // namespace

int main() {
  return tour::on_cluster(2, show);
}
