// What may stand next on a command line, for the shell: found in the tree of the commands itself,
// so that it knows what they know.
//
// Plain functions, called by the main thread.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace roundhouse::cli {

// What could be there beside fixed words.
enum class Live { nothing, file, cluster, engine, task, function };

struct Completion {
  std::vector<std::string> words;  // fixed ones, that begin with what is there
  Live live = Live::nothing;
  std::string cluster;  // as --cluster says; empty: not said
  bool list = false;    // of several with commas
  std::string before;   // what is there of such a list already: "0,2,"
};

// For a line as bash splits it, "=" being a word of its own: all words after the program, the last
// of which is being typed and may be empty.
[[nodiscard]] Completion complete(CLI::App& app, std::vector<std::string> words);

// Prints what complete() says for the line, one per line, and what is live in the cluster: asks
// its hub for at most a second, and says nothing of what goes wrong. ":file" stands for names of
// files, which the shell knows best.
void print_completion(CLI::App& app, std::vector<std::string> words);

// For bash, with or without its package of completions.
[[nodiscard]] std::string bash_completion();

}  // namespace roundhouse::cli
