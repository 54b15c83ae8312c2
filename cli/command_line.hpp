// What main() and the commands' words are made of: CLI11 in one place.
//
// Plain functions, called by the main thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "shared/time.hpp"

namespace roundhouse::cli {

// What all commands share, and what the chosen one will do.
struct Line {
  bool json = false;
  std::string cluster;
  std::vector<std::string> program{};  // what stands behind -- of `submit`
  std::function<void(Output&)> run = nullptr;
  int exit = 0;  // of what went well
};

// The same check without its words in the help, which says all in its own.
[[nodiscard]] CLI::Validator plain(CLI::Validator check);

// Of an option that names engines: an empty text names none, and is no "not said".
[[nodiscard]] CLI::Validator names_engines();

// A duration such as 10s or 500ms.
CLI::Option* add_duration(CLI::App* app, const std::string& name, Duration& value,
                          const std::string& help);

// The same, where nothing said means no limit.
void add_time(CLI::App* command, const char* name, std::optional<Duration>& time, const char* help);

// A command that asks the hub.
CLI::App* add_question(CLI::App& app, const std::string& name, const std::string& help,
                       AskOptions& ask);

// The words of a line, for CLI11. It would take "[1,2]" apart at its commas: for apply, map
// and exec such words begin with a blank, which is gone when they are read.
[[nodiscard]] std::vector<std::string> unsplit(std::vector<std::string> words);

// apply, map, submit, push, pull.
void add_call_commands(CLI::App& app, Line& line);

// exec, run.
void add_source_commands(CLI::App& app, Line& line);

// interrupt, signal, restart, clear, shutdown.
void add_steering_commands(CLI::App& app, Line& line);

// bench, and what it measures.
void add_bench_commands(CLI::App& app, Line& line);

// What a command does, once the line has been read; its options have an AskOptions named `ask`.
template <class Options>
void runs(CLI::App* command, Line& line, const std::shared_ptr<Options>& options,
          void (*act)(const Options&, Output&)) {
  command->callback([&line, options, act] {
    line.run = [&line, options, act](Output& out) {
      options->ask.cluster = line.cluster;
      act(*options, out);
    };
  });
}

// tasks, history, result, purge, resubmit.
void add_record_commands(CLI::App& app, Line& line);

}  // namespace roundhouse::cli
