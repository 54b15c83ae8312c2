#include <utility>

#include "client/client_access.hpp"
#include "client/shell.hpp"
#include <roundhouse/client.hpp>

namespace roundhouse {

Client::Client(const ClientOptions& options)
    : Client(detail::Shell::open(options, detail::connector_for(options))) {}

Client::Client(std::shared_ptr<detail::Shell> shell) : shell_(std::move(shell)) {}

Client::Client(Client&&) noexcept = default;

Client& Client::operator=(Client&& other) noexcept {
  if (this == &other) return *this;
  close();
  shell_ = std::move(other.shell_);
  return *this;
}

Client::~Client() {
  close();
}

void Client::close() {
  if (shell_) shell_->close();
}

detail::Shell& Client::shell() const {
  if (!shell_) throw ConnectionError(Error{Errc::closed, "this client was moved from"});
  shell_->require_same_process();
  return *shell_;
}

std::vector<int> Client::ids() const {
  std::vector<int> out;
  for (const detail::EngineSummary& engine : shell().engines()) out.push_back(engine.id);
  return out;
}

void Client::wait_for_engines(std::size_t count, Timeout timeout) const {
  if (shell().wait_for_engines(count, timeout)) return;
  throw TimeoutError("there are " + std::to_string(size()) + " engines, not " +
                     std::to_string(count));
}

EngineView Client::operator[](int id) const {
  const int engine = Targets(id).resolve(ids()).front();
  return {detail::Submitter(shell_, {}), engine};
}

DirectView Client::direct_view(Targets targets) const {
  // Evaluated now, and then fixed; only `all` is asked anew at each call.
  const std::vector<int> known = ids();
  if (!targets.is_all()) targets = Targets(targets.resolve(known));
  return {detail::Submitter(shell_, {}), std::move(targets)};
}

LoadBalancedView Client::load_balanced_view(Targets targets) const {
  detail::ViewSettings settings;
  settings.direct = false;
  if (!targets.is_all()) settings.targets = targets.resolve(ids());
  (void)shell();
  return LoadBalancedView(detail::Submitter(shell_, std::move(settings)));
}

std::uint64_t Client::outstanding() const {
  return shell().outstanding();
}

}  // namespace roundhouse
