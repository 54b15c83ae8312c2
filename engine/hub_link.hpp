#pragma once

// SHELL. How an engine and its nanny come to a link with the hub: the connection file is read again
// at each try, because a hub that was started again may have other ports.

#include <functional>
#include <memory>
#include <string>

#include "shared/net/link.hpp"
#include <roundhouse/result.hpp>

namespace roundhouse::engine {

// Makes a link that has begun to connect, or says why it cannot. Called by one thread.
using LinkMaker = std::function<Result<std::unique_ptr<net::Link>>()>;

// Links by the connection file at `path`; `context` outlives them. Errors as
// read_connection_file, or what connecting throws.
[[nodiscard]] LinkMaker links_by_file(net::Context& context, std::string path);

}  // namespace roundhouse::engine
