#include "client/client_access.hpp"

#include "shared/connection_file.hpp"
#include "shared/net/zmq_link.hpp"
#include "shared/paths.hpp"

namespace roundhouse::detail {
namespace {

std::string connection_file_of(const ClientOptions& options) {
  if (!options.connection_file.empty()) return options.connection_file;
  return RunDir::locate(options.cluster).or_throw().connection_file(Role::client);
}

}  // namespace

Connector connector_for(const ClientOptions& options) {
  const std::string path = connection_file_of(options);
  // The links of one client share it; the last of them, or the connector, ends it.
  auto context = std::make_shared<net::Context>();
  return [path, context] {
    return net::ZmqLink::connect(*context, read_connection_file(path, Role::client).or_throw());
  };
}

}  // namespace roundhouse::detail
