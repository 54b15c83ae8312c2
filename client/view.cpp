#include <algorithm>
#include <ostream>

#include "client/send_tracker.hpp"
#include "client/shell.hpp"
#include <roundhouse/view.hpp>

namespace roundhouse {

namespace detail {
namespace {

// Pieces of a map per slot: enough that slots which had the long ones do not end much later than
// the others, few enough that a piece is worth sending.
constexpr std::size_t kPiecesPerSlot = 16;
constexpr std::size_t kSlotsGuess = 4;  // while no engine is known
// Pieces of an imap per slot: one runs, one is on its way, and some are being taken.
constexpr std::size_t kWindowPerSlot = 4;

std::vector<int> known_engines(Shell& shell) {
  return shell.engines_for(all);
}

void require_engines(std::span<const int> engines) {
  if (engines.empty())
    throw NoEnginesRegistered(
        "no engines are registered: start some with `roundhouse engines add N`, or wait for them "
        "with wait_for_engines()");
}

template <class T>
void take(const std::optional<T>& given, T& setting) {
  if (given) setting = *given;
}

// What all kinds of view have.
template <class Options>
void take_common(const Options& options, ViewSettings& settings) {
  take(options.block, settings.block);
  take(options.track, settings.track);
  take(options.label, settings.tasks.label);
  take(options.time_limit, settings.tasks.time_limit);
}

}  // namespace

Submitter::Submitter(std::shared_ptr<Shell> shell, ViewSettings settings)
    : shell_(std::move(shell)),
      settings_(std::move(settings)),
      settings_number_(shell_->settings_number(settings_.tasks)),
      view_(shell_->next_view()) {}

void Submitter::set(const EngineOptions& options) {
  take_common(options, settings_);
  if (options.label || options.time_limit)
    settings_number_ = shell_->settings_number(settings_.tasks);
}

void Submitter::set(const ViewOptions& options) {
  if (const auto& targets = options.targets.get())
    settings_.engines = targets->frozen(shell_->engines_for(*targets));
  take_common(options, settings_);
  if (options.label || options.time_limit)
    settings_number_ = shell_->settings_number(settings_.tasks);
}

void Submitter::set(const BalancedOptions& options) {
  std::optional<std::vector<int>> engines;
  if (const auto& targets = options.targets.get())
    engines =
        targets->is_all() ? std::vector<int>{} : targets->resolve(shell_->engines_for(*targets));
  const auto& after = options.after.get();
  const auto& follow = options.follow.get();
  if (after || follow) {
    const Depends before = settings_.depends ? *settings_.depends : Depends();
    auto depends = Depends::make(after.value_or(before.after), follow.value_or(before.follow));
    for (const auto* each : {&after, &follow})
      if (*each) await_others(**each);
    settings_.depends = std::move(depends);
  }
  TaskSettings& tasks = settings_.tasks;
  take(engines, tasks.targets);
  take_common(options, settings_);
  take(options.timeout, tasks.timeout);
  take(options.retries, tasks.retries);
  take(options.priority, tasks.priority);
  take(options.depend, tasks.depend);
  take(options.require, tasks.require);
  take(options.chunk_size, settings_.chunk_size);
  take(options.ordered, settings_.ordered);
  take(options.outstanding_max, settings_.outstanding_max);
  const bool changed = options.label || engines || options.timeout || options.retries ||
                       options.priority || options.time_limit || options.depend || options.require;
  if (changed) settings_number_ = shell_->settings_number(tasks);
}

Submitter Submitter::limited(Limit time_limit) const {
  ViewSettings settings = settings_;
  settings.tasks.time_limit = time_limit;
  return {shell_, std::move(settings)};
}

void Submitter::await_others(const Dependency& dependency) const {
  if (!dependency.tasks_) return;
  for (const Dependency::Origin& origin : dependency.tasks_->origins) {
    const std::shared_ptr<Shell> client = origin.client.lock();
    if (client && client != shell_) client->await_acceptance(origin.last);
  }
}

Pending Submitter::submit(const Function& function, std::span<const int> engines,
                          std::span<Encoded> bodies, Urgency urgency) const {
  auto tracker = SendTracker::watch(bodies, settings_.track);
  Pending out = shell_->send_apply_message(shell_, function, engines, bodies,
                                           {settings_number_, settings_.depends, urgency, view_});
  if (tracker) out.track(std::move(tracker));
  return out;
}

Pending Submitter::submit_call(const Function& function, Encoded& arguments,
                               Urgency urgency) const {
  if (!settings_.tasks.direct) return submit(function, {}, {&arguments, 1}, urgency);
  // A view of certain engines may name some that have left: the hub says so, task by task.
  if (const std::vector<int>* ids = settings_.engines.ids()) {
    require_engines(*ids);
    return submit(function, *ids, {&arguments, 1}, urgency);
  }
  return submit(function, engines(), {&arguments, 1}, urgency);
}

Pending Submitter::submit_map(const Function& function, const MapPlan& plan,
                              std::span<Encoded> pieces, Urgency urgency) const {
  if (pieces.empty()) return {shell_, nullptr, 0, 0};
  return submit(function, plan.engines, pieces, urgency);
}

std::vector<int> Submitter::engines() const {
  const std::vector<int>* ids = settings_.engines.ids();
  std::vector<int> out = ids != nullptr ? *ids : known_engines(*shell_);
  require_engines(out);
  return out;
}

std::size_t Submitter::slots() const {
  const std::vector<int>& targets = settings_.tasks.targets;
  std::size_t out = 0;
  for (const EngineSummary& engine : shell_->engines()) {
    const bool may_run =
        targets.empty() || std::find(targets.begin(), targets.end(), engine.id) != targets.end();
    if (may_run) out += engine.slots;
  }
  return out;
}

MapPlan Submitter::map_plan(std::size_t items) const {
  MapPlan out;
  if (settings_.tasks.direct) {
    out.engines = engines();
    // Engines for which nothing is left are not troubled.
    out.engines.resize(std::min(out.engines.size(), items));
    out.sizes = equal_pieces(items, out.engines.size());
    return out;
  }
  const std::size_t chunk = settings_.chunk_size;
  if (chunk == 0) {
    const std::size_t slots = this->slots();
    out.sizes =
        equal_pieces(items, std::min(items, kPiecesPerSlot * (slots == 0 ? kSlotsGuess : slots)));
  } else if (items > 0) {
    out.sizes.assign((items + chunk - 1) / chunk, chunk);
    out.sizes.back() = items - chunk * (out.sizes.size() - 1);
  }
  return out;
}

std::size_t Submitter::window() const {
  if (settings_.outstanding_max > 0) return settings_.outstanding_max;
  const std::size_t slots = settings_.tasks.direct ? engines().size() : this->slots();
  return kWindowPerSlot * (slots == 0 ? kSlotsGuess : slots);
}

std::string Submitter::targets_text() const {
  const std::vector<int>* ids =
      settings_.tasks.direct ? settings_.engines.ids() : &settings_.tasks.targets;
  if (ids == nullptr) return "all";
  std::string out = "[";
  for (const int id : *ids) out += (out.size() > 1 ? "," : "") + std::to_string(id);
  return out + "]";
}

std::vector<std::size_t> equal_pieces(std::size_t items, std::size_t pieces) {
  std::vector<std::size_t> out(pieces, pieces == 0 ? 0 : items / pieces);
  const std::size_t larger = pieces == 0 ? 0 : items % pieces;
  for (std::size_t i = 0; i < larger; ++i) ++out[i];
  return out;
}

void print(std::ostream& out, const std::string& text) {
  out << text;
}

}  // namespace detail

std::string to_string(const EngineView& view) {
  return "<DirectView " + std::to_string(view.engine()) + ">";
}

std::string to_string(const DirectView& view) {
  return "<DirectView " + view.submitter_.targets_text() + ">";
}

std::string to_string(const LoadBalancedView& view) {
  if (view.targets().empty()) return "<LoadBalancedView>";
  return "<LoadBalancedView " + view.submitter_.targets_text() + ">";
}

}  // namespace roundhouse
