// What to say of a command line that cannot be understood.
//
// Plain functions, called by the main thread.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace roundhouse::cli {

// One line: what is wrong, in our words where CLI11's are hard to read, and which help says more.
// For what `app` threw when it parsed the line, and before anything else is asked of it.
[[nodiscard]] std::string usage_text(const CLI::App& app, const CLI::ParseError& error);

}  // namespace roundhouse::cli
