#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "client/client_access.hpp"
#include "client/shell.hpp"
#include <roundhouse/client.hpp>
#include <roundhouse/this_engine.hpp>

namespace roundhouse::detail {
namespace {

// Never closed: a task may use it until the process ends.
struct Clients {
  std::mutex mutex;
  std::map<EngineApi*, std::unique_ptr<Client>> of;
};

Clients& clients() {
  static Clients& all = *std::make_unique<Clients>().release();
  return all;
}

}  // namespace

const Client& client_of(EngineApi& engine) {
  Clients& all = clients();
  const std::lock_guard lock(all.mutex);
  std::unique_ptr<Client>& client = all.of[&engine];
  if (client == nullptr) {
    ClientOptions options;
    options.connection_file = engine.client_file();
    options.label = "tasks of engine " + std::to_string(engine.engine_id());
    client = std::make_unique<Client>(options);
    ClientAccess::shell(*client).serve_tasks();
  }
  return *client;
}

}  // namespace roundhouse::detail
