// What a Shell does for views, handles and questions.
#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "client/deadline.hpp"
#include "client/payloads.hpp"
#include "client/shell.hpp"
#include "shared/clock.hpp"

namespace roundhouse::detail {
namespace {

constexpr std::array<std::string_view, 7> kAboutTasks{
    "queue_status", "result_status", "result", "db_query", "payload", "watch", "purge_results"};

// A hub whose disk is full takes over nothing, and still answers.
constexpr Duration kAcceptanceMax = std::chrono::seconds{1};

bool is_about_tasks(std::string_view verb) {
  return std::ranges::find(kAboutTasks, verb) != kAboutTasks.end();
}

wire::DependencyMode mode_of(const DependencyOptions& options) {
  return {!options.all, options.success, options.failure};
}

void set_depends(wire::SubmitRecord& record, const Depends& depends) {
  record.depends = Slice(depends.ranges);
  record.after_ranges = static_cast<std::uint32_t>(depends.after.tasks().size());
  record.after_mode = mode_of(depends.after.options());
  record.follow_mode = mode_of(depends.follow.options());
}

void set_rules(wire::Define& define, const TaskSettings& view) {
  define.timeout_us = view.timeout.microseconds();
  define.time_limit_us = view.time_limit.microseconds();
  define.depend = view.depend.function;
  define.depend_signature = view.depend.signature;
  define.depend_body = view.depend.body;
  define.require_modules = view.require.modules;
  define.require_functions = view.require.functions;
}

}  // namespace

void Shell::wait_for_room(Lease::Guard& guard) {
  const auto has_room = [this] {
    const client::SubmissionLog& log = session_.log();
    if (log.unsent_tasks() == 0 || session_.pause()) return true;
    return log.unsent_records() < options_.queued_calls_max &&
           log.unsent_bytes() < options_.queued_bytes_max;
  };
  if (!has_room()) wait_lending(guard, has_room, std::nullopt);
  if (session_.pause()) raise(*session_.pause());
}

Pending Shell::send_apply_message(const std::shared_ptr<Shell>& self, const Function& function,
                                  std::span<const int> engines, std::span<Encoded> bodies,
                                  const Manner& manner) {
  require_same_process();
  // Packed before the lock is taken.
  Records records = make_records(engines, bodies, options_.call_bytes_max);
  auto guard = lease_.lock();
  require_open();
  wait_for_room(guard);
  const std::uint32_t number = template_number(function, manner.settings);
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  records.for_each([&](wire::SubmitRecord&& record) {
    record.template_number = number;
    if (manner.depends) set_depends(record, *manner.depends);
    count += record.count;
    const std::uint64_t sequence = session_.submit(std::move(record));
    if (first == 0) first = sequence;
  });
  Slot& head = slab_.open(first, count);
  head.template_number = number;
  head.view = manner.view;
  for (std::uint32_t i = 0; i < count && !engines.empty(); ++i)
    slab_.get(first + i).engine =
        EngineId{static_cast<std::uint32_t>(engines[std::min<std::size_t>(i, engines.size() - 1)])};
  head.submitted = wall_now();
  head.submitted_at = steady_now();
  if (manner.depends) depends_.emplace(first, manner.depends);
  if (manner.urgency == Urgency::later) ask_to_flush(guard);
  return {self, &head, first, count};
}

std::uint32_t Shell::settings_number(const TaskSettings& settings) {
  require_same_process();
  const auto guard = lease_.lock();
  const auto [known, is_new] =
      settings_numbers_.try_emplace(settings, static_cast<std::uint32_t>(settings_.size()));
  if (is_new) settings_.push_back(&known->first);
  return known->second;
}

std::uint32_t Shell::template_number(const Function& function, std::uint32_t settings) {
  if (session_.shelf().generation() != templates_generation_) {  // other builds may be meant now
    templates_generation_ = session_.shelf().generation();
    templates_.clear();
  }
  const std::uint32_t depth = depth_of_calls();
  const std::hash<std::string_view> hash;
  const std::size_t key = (hash(function.name) * 31 + hash(function.signature)) * 31 +
                          4 * (settings + 1024 * depth) + static_cast<std::size_t>(function.kind);
  const auto [from, to] = templates_.equal_range(key);
  for (auto known = from; known != to; ++known) {
    const KnownTemplate& entry = known->second;
    if (entry.settings == settings && entry.depth == depth && entry.kind == function.kind &&
        entry.name == function.name && entry.signature == function.signature &&
        entry.build == function.build && entry.source == function.source)
      return entry.number;
  }
  const TaskSettings& view = *settings_[settings];
  wire::Define define;
  define.function = std::string(prefix_of(function.kind)).append(function.name);
  define.signature = function.signature;
  define.source = function.source;
  define.view = view.direct ? "direct" : "load_balanced";
  define.label = view.label;
  define.targets.assign(view.targets.begin(), view.targets.end());
  define.retries = view.retries;
  define.priority = view.priority;
  define.builds = builds_of(function);
  define.depth = depth;
  set_rules(define, view);
  if (define.bytes() > wire::kTemplateBytesMax)
    throw Exception(
        Errc::too_large,
        "the function's name or source, its types, the label, the targets and the predicate and "
        "requirements of a call take " +
            std::to_string(define.bytes()) + " bytes; " + std::to_string(wire::kTemplateBytesMax) +
            " is the most: use a shorter label, fewer targets or a predicate of fewer "
            "arguments");
  if (!session_.is_room_for(define.bytes()))
    throw Exception(
        Errc::over_quota,
        "this client has made " + std::to_string(wire::kTemplatesMax) +
            " kinds of calls, or 64 MiB of them, which is the most: each label, list of "
            "targets or other setting makes another; use fewer, or a new Client");
  const std::uint32_t number = session_.define(std::move(define));
  templates_.emplace(key, KnownTemplate{std::string(function.name), std::string(function.signature),
                                        settings, depth, function.kind, std::string(function.build),
                                        std::string(function.source), number});
  return number;
}

void Shell::wait_for_acceptance(Lease::Guard& guard, std::uint64_t last) {
  const auto taken_over = [this, last] {
    const client::SubmissionLog& log = session_.log();
    if (log.accepted() >= last) return true;
    // The rest waits for room.
    return session_.usable() && !session_.wants_flush() && log.accepted() >= log.sent();
  };
  if (!taken_over()) wait_locked(guard, taken_over, steady_now() + kAcceptanceMax);
}

void Shell::await_acceptance(std::uint64_t last) {
  require_same_process();
  auto guard = lease_.lock();
  // One that was closed has nothing to send any more.
  if (!session_.failure()) wait_for_acceptance(guard, last);
}

void Shell::wait_for_news(Lease::Guard& guard, const std::function<bool()>& came,
                          TimePoint deadline) {
  while (!came() && !session_.failure() &&
         changed_.wait_until(guard.native(), deadline) == std::cv_status::no_timeout) {
  }
}

HubAnswer Shell::ask(std::string verb, std::string body, client::Repeat repeat, Duration longer) {
  require_same_process();
  auto guard = lease_.lock();
  require_open();
  const TimePoint deadline = deadline_of(options_.timeout) + longer;
  if (is_about_tasks(verb)) wait_for_acceptance(guard, session_.log().last());
  const std::string asked = verb;
  const std::uint64_t id =
      session_.request(std::move(verb), wire::Raw{std::move(body)}, repeat, out_);
  const auto answer = answers_.emplace(id, std::nullopt).first;
  absorb(guard, steady_now());
  wait_for_news(
      guard, [&] { return answer->second.has_value(); }, deadline);
  const std::optional<wire::Reply> reply = std::move(answer->second);
  answers_.erase(answer);
  if (!reply) {
    session_.forget_request(id);
    require_open();
    throw TimeoutError("the hub did not answer '" + asked + "' within " +
                       roundhouse::to_string(options_.timeout + longer));
  }
  if (!reply->code.empty())
    raise({errc_from_string(reply->code).value_or(Errc::refused), reply->text});
  return {reply->body.bytes};
}

void Shell::refresh_engines() {
  auto guard = lease_.lock();
  const TimePoint deadline = deadline_of(options_.timeout);
  session_.ask_engines(out_);
  absorb(guard, steady_now());
  wait_for_news(
      guard, [this] { return !session_.asks_engines(); }, deadline);
}

void Shell::hub_will_stop() {
  const auto guard = lease_.lock();
  session_.hub_will_stop();
}

std::vector<EngineSummary> Shell::engines() {
  require_same_process();
  const auto guard = lease_.lock();
  require_open();
  std::vector<EngineSummary> out;
  for (const auto& [id, engine] : session_.engines().engines())
    out.push_back({static_cast<int>(id.value), engine.slots});
  return out;
}

std::vector<int> Shell::engines_for(const Targets& targets) {
  require_same_process();
  const auto guard = lease_.lock();
  require_open();
  std::vector<int> out;
  const client::EngineList& known = session_.engines();
  for (const auto& [id, engine] : known.engines()) out.push_back(static_cast<int>(id.value));
  // Places in the list, and slices of it, are of the engines that are there; all are all.
  const std::vector<int>* ids = targets.ids();
  const bool by_id = ids != nullptr && std::ranges::all_of(*ids, [](int id) { return id >= 0; });
  if ((!by_id && !targets.is_all()) || known.restarting().empty()) return out;
  for (const auto& [id, engine] : known.restarting()) out.push_back(static_cast<int>(id.value));
  std::ranges::sort(out);
  return out;
}

bool Shell::wait_for_engines(std::size_t count, Timeout timeout) {
  require_same_process();
  const std::optional<TimePoint> deadline = deadline_of(timeout);
  auto guard = lease_.lock();
  while (session_.engines().engines().size() < count) {
    require_open();
    if (!deadline)
      changed_.wait(guard.native());
    else if (changed_.wait_until(guard.native(), *deadline) == std::cv_status::timeout)
      return session_.engines().engines().size() >= count;
  }
  return true;
}

std::size_t Shell::kept() {
  const auto guard = lease_.lock();
  return slab_.used() + hub_slab_.used() + hub_results_.size() + mirrors_.size() + depends_.size() +
         session_.log().kept_records();
}

std::uint64_t Shell::stored() {
  const auto guard = lease_.lock();
  return session_.log().stored();
}

}  // namespace roundhouse::detail
