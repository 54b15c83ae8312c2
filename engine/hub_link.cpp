#include "engine/hub_link.hpp"

#include <utility>

#include "shared/connection_file.hpp"
#include "shared/net/zmq_link.hpp"

namespace roundhouse::engine {

LinkMaker links_by_file(net::Context& context, std::string path) {
  return [&context, path = std::move(path)]() -> Result<std::unique_ptr<net::Link>> {
    auto info = read_connection_file(path, Role::engine);
    if (!info) return info.error();
    info->endpoints.notify.clear();  // an engine needs no hints
    try {
      return std::unique_ptr<net::Link>(net::ZmqLink::connect(context, *info));
    } catch (const Exception& problem) {
      return Error{problem.code(), problem.what()};
    }
  };
}

}  // namespace roundhouse::engine
