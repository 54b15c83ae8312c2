// What main() and the commands' words are made of: CLI11 in one place.
//
// Plain functions, called by the main thread.
#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "shared/time.hpp"

namespace roundhouse::cli {

// What all commands share, and what the chosen one will do.
struct Line {
  bool json = false;
  std::string cluster;
  std::function<void(Output&)> run = nullptr;
};

// The same check without its words in the help, which says all in its own.
[[nodiscard]] CLI::Validator plain(CLI::Validator check);

// A duration such as 10s or 500ms.
CLI::Option* add_duration(CLI::App* app, const std::string& name, Duration& value,
                          const std::string& help);

// A command that asks the hub.
CLI::App* add_question(CLI::App& app, const std::string& name, const std::string& help,
                       AskOptions& ask);

// tasks, history, result, purge, resubmit.
void add_record_commands(CLI::App& app, Line& line);

}  // namespace roundhouse::cli
