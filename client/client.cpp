#include <utility>

#include "client/client_access.hpp"
#include "client/deadline.hpp"
#include "client/progress.hpp"
#include "client/shell.hpp"
#include "shared/clock.hpp"
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
  detail::ViewSettings settings;
  const Targets targets(id);
  settings.engines = targets.frozen(shell().engines_for(targets));
  return EngineView(detail::Submitter(shell_, std::move(settings)));
}

DirectView Client::direct_view(Targets targets) const {
  // Evaluated now, and then fixed; only `all` is asked anew at each call.
  detail::ViewSettings settings;
  settings.engines = targets.frozen(shell().engines_for(targets));
  return DirectView(detail::Submitter(shell_, std::move(settings)));
}

LoadBalancedView Client::load_balanced_view(Targets targets) const {
  detail::ViewSettings settings;
  settings.tasks.direct = false;
  if (!targets.is_all()) settings.tasks.targets = targets.resolve(shell().engines_for(targets));
  (void)shell();
  return LoadBalancedView(detail::Submitter(shell_, std::move(settings)));
}

MsgIds Client::history() const {
  return shell().history();
}

MsgIds Client::outstanding() const {
  return shell().outstanding();
}

Metadata Client::metadata(std::string_view msg_id) const {
  detail::Shell& shell = this->shell();
  Metadata out;
  shell.look([&] {
    const std::uint64_t sequence = shell.find_task(msg_id);
    const detail::Slot& slot = shell.slot(sequence);
    out = shell.metadata(shell.slot(sequence - slot.offset), slot, sequence);
  });
  return out;
}

HeldResults Client::results() const {
  (void)shell();
  return HeldResults(shell_);
}

void Client::spin() const {
  shell().spin();
}

bool Client::wait(Timeout timeout) const {
  return wait(outstanding(), timeout);
}

bool Client::wait(const Jobs& jobs, Timeout timeout) const {
  detail::Shell& shell = this->shell();
  const std::optional<TimePoint> deadline = detail::deadline_of(timeout);
  for (const Jobs::Ids& ids : jobs.ids())
    if (!shell.wait_for(ids.session, ids.range, deadline)) return false;
  for (const detail::Pending& tasks : jobs.results()) {
    if (deadline) timeout = *deadline - steady_now();
    if (!tasks.wait(timeout)) return false;
  }
  return true;
}

bool Client::wait_interactive(const InteractiveOptions& options) const {
  return wait_interactive(outstanding(), options);
}

bool Client::wait_interactive(const Jobs& jobs, const InteractiveOptions& options) const {
  detail::Shell& shell = this->shell();
  const auto done = [&] {
    std::size_t out = 0;
    for (const Jobs::Ids& ids : jobs.ids()) out += shell.done_of(ids.session, ids.range);
    for (const detail::Pending& tasks : jobs.results()) out += tasks.done();
    return out;
  };
  return detail::watch({jobs.size(), done, [&](Timeout pause) { return wait(jobs, pause); }},
                       options);
}

Subscription Client::on_engine(std::function<void(const EngineEvent&)> call) const {
  return Subscription(shell().on_engine(std::move(call)));
}

AsyncTasks Client::send_apply_message(const ApplyMessage& message,
                                      std::span<Encoded> arguments) const {
  (void)shell();
  const bool direct = !message.engines.empty();
  if (arguments.empty() ||
      (direct && arguments.size() != 1 && arguments.size() != message.engines.size()))
    throw Exception(Errc::invalid,
                    "send_apply_message needs one list of arguments for all, or one for each");
  detail::ViewSettings settings;
  settings.tasks.direct = direct;
  settings.tasks.label = message.label;
  settings.tasks.retries = message.retries;
  settings.tasks.priority = message.priority;
  if (direct && (!message.after.empty() || !message.follow.empty()))
    throw Exception(Errc::invalid,
                    "tasks for certain engines cannot depend on others: name them as targets");
  settings.tasks.timeout = message.timeout;
  settings.tasks.time_limit = message.time_limit;
  settings.tasks.depend = message.depend;
  settings.tasks.require = message.require;
  settings.depends = detail::Depends::make(message.after, message.follow);
  settings.tasks.targets = message.targets;
  settings.track = message.track;
  const detail::Submitter submitter(shell_, std::move(settings));
  return AsyncTasks(
      submitter.submit({message.function, message.signature, message.kind, {}, message.source},
                       message.engines, arguments, detail::Urgency::later));
}

}  // namespace roundhouse
