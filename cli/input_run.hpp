// InputRun: one input of C++ source on some engines, from its sending until all of it is shown:
// what they print as it comes, then warnings, errors and values, each once with the engines it is
// of.
//
//   InputRun run(client, {0, 1}, {"n + 1", "input 3"}, {});
//   while (!run.wait(50ms)) ...
//   run.show(out);                                 // Out[0-1]: 6
//
// Thread rule: one thread, and nobody else writes to standard output and error meanwhile.
#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/live_lines.hpp"
#include "cli/live_text.hpp"
#include "cli/output.hpp"
#include "shared/time.hpp"
#include <roundhouse/client.hpp>

namespace roundhouse::cli {

struct Input {
  std::string_view code;
  std::string_view file;    // what its lines are called in messages
  bool is_program = false;  // `main` is called, if it defines that
};

struct InputOptions {
  std::string label{};
  std::optional<Duration> time_limit{};
  bool live = true;                                                       // show what they print
  std::size_t value_bytes_max = std::numeric_limits<std::size_t>::max();  // longer ones are cut
};

class InputRun {
 public:
  using Result = AsyncResult<ExecuteResult>;

  // Sends it. Throws what the client does.
  InputRun(const Client& client, const std::vector<int>& engines, const Input& input,
           const InputOptions& options);
  InputRun(const InputRun&) = delete;
  InputRun& operator=(const InputRun&) = delete;
  ~InputRun() = default;

  // Until all engines are through, for at most `most`. Returns whether they are.
  bool wait(Duration most);

  [[nodiscard]] const std::vector<int>& engines() const { return engines_; }

  // In the order of the engines.
  [[nodiscard]] const std::vector<Result>& results() const { return results_; }

  // Those that are not through, as far as wait() knows.
  [[nodiscard]] std::vector<int> under_way() const;
  [[nodiscard]] std::vector<std::string> ids_under_way() const;

  // Of those that are through.
  [[nodiscard]] const std::vector<RemoteErrorInfo>& errors() const { return errors_; }

  // Shows what came of those that are through. Standard error has what went wrong: with
  // `every_error` all of it, else without what the one error of one engine says in a line.
  void show(Output& out, bool every_error) const;

 private:
  void finish(std::size_t index);

  std::vector<int> engines_;
  std::size_t value_bytes_max_;
  std::vector<Result> results_;
  std::optional<LiveLines> lines_;
  std::vector<std::unique_ptr<LiveText>> live_;  // null: not shown, or its engine is through
  std::vector<bool> finished_;
  std::vector<RemoteErrorInfo> errors_;
};

}  // namespace roundhouse::cli
