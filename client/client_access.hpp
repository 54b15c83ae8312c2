// The inside of a Client, for the parts of this library and for tests.
#pragma once

#include <memory>
#include <utility>

#include "client/shell.hpp"
#include <roundhouse/client.hpp>

namespace roundhouse::detail {

struct ClientAccess {
  // A client of whatever hub `connector` leads to. Throws as Client's constructor.
  [[nodiscard]] static Client make(const ClientOptions& options, Connector connector) {
    return Client(Shell::open(options, std::move(connector)));
  }

  [[nodiscard]] static Shell& shell(const Client& client) { return client.shell(); }
};

// Links to the hub of a cluster, found anew each time by its connection file.
[[nodiscard]] Connector connector_for(const ClientOptions& options);

}  // namespace roundhouse::detail
