#pragma once

// Whether bytes are a whole shared library for this machine, looked at before the dynamic loader
// does: that one maps what a file claims to have, and a file that was cut short kills the process.
//
// Plain function; any thread. Never reads beyond the bytes, whatever they are.

#include <string_view>

#include <roundhouse/result.hpp>

namespace roundhouse::engine {

// Fails with unknown_module; the text says what is wrong: "is no ELF file", "is for aarch64, and
// this engine runs on x86-64", "is cut short: ...".
[[nodiscard]] Result<void> check_shared_library(std::string_view bytes);

}  // namespace roundhouse::engine
