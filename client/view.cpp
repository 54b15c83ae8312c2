#include <algorithm>

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

}  // namespace

Submitter::Submitter(std::shared_ptr<Shell> shell, ViewSettings settings)
    : shell_(std::move(shell)),
      settings_(std::move(settings)),
      settings_number_(shell_->settings_number(settings_)) {}

Pending Submitter::submit(const Function& function, std::span<const int> engines,
                          std::span<Encoded> bodies, Urgency urgency) const {
  auto tracker = SendTracker::watch(bodies, settings_.track);
  Pending out = shell_->submit(shell_, function, engines, bodies, settings_number_, urgency);
  if (tracker) out.track(std::move(tracker));
  return out;
}

Pending Submitter::nothing() const {
  return {shell_, nullptr, 0, 0};
}

std::vector<int> Submitter::engines(const Targets& targets) const {
  std::vector<int> known;
  for (const EngineSummary& engine : shell_->engines()) known.push_back(engine.id);
  // A view of certain engines may name some that have left: the hub says so, task by task.
  std::vector<int> out = targets.is_all() ? std::move(known) : targets.resolve(known);
  if (out.empty())
    throw NoEnginesRegistered(
        "no engines are registered: start some with `roundhouse engines add N`, or wait for them "
        "with wait_for_engines()");
  return out;
}

std::size_t Submitter::pieces(std::size_t items) const {
  if (settings_.chunk_size > 0) return (items + settings_.chunk_size - 1) / settings_.chunk_size;
  std::size_t slots = 0;
  for (const EngineSummary& engine : shell_->engines()) {
    const bool may_run = settings_.targets.empty() ||
                         std::find(settings_.targets.begin(), settings_.targets.end(), engine.id) !=
                             settings_.targets.end();
    if (may_run) slots += engine.slots;
  }
  return std::min(items, kPiecesPerSlot * (slots == 0 ? kSlotsGuess : slots));
}

std::vector<std::size_t> equal_pieces(std::size_t items, std::size_t pieces) {
  std::vector<std::size_t> out(pieces, pieces == 0 ? 0 : items / pieces);
  const std::size_t larger = pieces == 0 ? 0 : items % pieces;
  for (std::size_t i = 0; i < larger; ++i) ++out[i];
  return out;
}

namespace {

void apply(const ViewOptions& options, ViewSettings& settings) {
  if (options.block) settings.block = *options.block;
  if (options.label) settings.label = *options.label;
  if (options.track) settings.track = *options.track;
}

Pending submit_pieces(const Submitter& submitter, const Function& function, const MapPlan& plan,
                      std::span<Encoded> pieces, Urgency urgency) {
  if (pieces.empty()) return submitter.nothing();
  return submitter.submit(function, plan.engines, pieces, urgency);
}

}  // namespace

}  // namespace detail

EngineView EngineView::with(const ViewOptions& options) const {
  detail::ViewSettings settings = submitter_.settings();
  detail::apply(options, settings);
  return {submitter_.with(std::move(settings)), engine_};
}

detail::MapPlan EngineView::map_plan(std::size_t items) const {
  if (items == 0) return {};
  return {{items}, {engine_}};
}

detail::Pending EngineView::submit_map(const detail::Function& function,
                                       const detail::MapPlan& plan, std::span<Encoded> pieces,
                                       detail::Urgency urgency) const {
  return detail::submit_pieces(submitter_, function, plan, pieces, urgency);
}

DirectView DirectView::with(const ViewOptions& options) const {
  detail::ViewSettings settings = submitter_.settings();
  detail::apply(options, settings);
  return {submitter_.with(std::move(settings)), targets_};
}

detail::MapPlan DirectView::map_plan(std::size_t items) const {
  detail::MapPlan out;
  out.engines = targets();
  // Engines for which nothing is left are not troubled.
  out.engines.resize(std::min(out.engines.size(), items));
  out.sizes = detail::equal_pieces(items, out.engines.size());
  return out;
}

detail::Pending DirectView::submit_map(const detail::Function& function,
                                       const detail::MapPlan& plan, std::span<Encoded> pieces,
                                       detail::Urgency urgency) const {
  return detail::submit_pieces(submitter_, function, plan, pieces, urgency);
}

LoadBalancedView LoadBalancedView::with(const BalancedOptions& options) const {
  detail::ViewSettings settings = submitter_.settings();
  detail::apply({.block = options.block, .label = options.label, .track = options.track}, settings);
  if (options.retries) settings.retries = *options.retries;
  if (options.priority) settings.priority = *options.priority;
  if (options.chunk_size) settings.chunk_size = *options.chunk_size;
  return LoadBalancedView(submitter_.with(std::move(settings)));
}

detail::MapPlan LoadBalancedView::map_plan(std::size_t items) const {
  const std::size_t pieces = submitter_.pieces(items);
  detail::MapPlan out;
  const std::size_t chunk = submitter_.settings().chunk_size;
  if (chunk == 0) {
    out.sizes = detail::equal_pieces(items, pieces);
  } else {
    out.sizes.assign(pieces, chunk);
    if (pieces > 0) out.sizes.back() = items - chunk * (pieces - 1);
  }
  return out;
}

detail::Pending LoadBalancedView::submit_map(const detail::Function& function,
                                             const detail::MapPlan& plan, std::span<Encoded> pieces,
                                             detail::Urgency urgency) const {
  return detail::submit_pieces(submitter_, function, plan, pieces, urgency);
}

}  // namespace roundhouse
