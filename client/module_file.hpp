// DISK. Reading a module that is to be shipped.
//
// Plain function; any thread.
#pragma once

#include <string>

#include "client/core/module_shelf.hpp"
#include <roundhouse/result.hpp>

namespace roundhouse::client {

// The file with its build, whole, so that it may change afterwards. Whether it is a module at all
// is for the engines to say. Fails with unknown_module when it cannot be read or is no file,
// too_large over wire::kModuleBytesMax, before anything is read.
[[nodiscard]] Result<ShippedModule> read_module(const std::string& path);

}  // namespace roundhouse::client
