// What a Client does to engines.
#include <algorithm>
#include <span>

#include "client/body_json.hpp"
#include "client/job_ranges.hpp"
#include "client/shell.hpp"
#include "shared/pack.hpp"
#include <roundhouse/client.hpp>
#include <roundhouse/control.hpp>

namespace roundhouse {
namespace {

struct Wish {
  std::string_view verb;
  ControlOptions options;
  int signal = 0;
  bool hub = false;
};

ControlReport read_report(const std::string& body) {
  const detail::BodyMap map(body);
  ControlReport out;
  for (const std::string_view bytes : map.list("engines")) {
    const detail::BodyMap engine(bytes);
    EngineReport& report = out.engines.emplace_back();
    report.engine = static_cast<int>(engine.number("engine").value_or(0));
    report.done = engine.truth("done");
    report.state = engine.text("state");
    report.text = engine.text("text");
    report.tasks = engine.number("tasks").value_or(0);
  }
  std::ranges::sort(out.engines, {}, &EngineReport::engine);
  out.json = detail::json_of(body);
  return out;
}

// `pack_whom` writes one key and its value.
template <class F>
ControlReport ask(detail::Shell& shell, const Wish& wish, F&& pack_whom) {
  const auto wait = wish.options.wait ? std::max(wish.options.timeout, std::chrono::milliseconds{0})
                                      : std::chrono::milliseconds{0};
  std::string body;
  wire::Packer p(body);
  p.map(4);
  p.str("wait_ms"), p.u64(static_cast<std::uint64_t>(wait.count()));
  p.str("signal"), p.u64(static_cast<std::uint64_t>(std::max(wish.signal, 0)));
  p.str("hub"), p.boolean(wish.hub);
  pack_whom(p);
  ControlReport out = read_report(
      shell.ask(std::string(wish.verb), std::move(body), client::Repeat::no, wait).body);
  if (wish.hub)
    shell.hub_will_stop();
  else if (wish.verb == "restart" || wish.verb == "shutdown")
    shell.refresh_engines();
  return out;
}

// Ids that are given as such go to the hub as they are: it knows engines that are not there now.
std::vector<int> resolve(detail::Shell& shell, const Targets& targets) {
  const std::vector<int>* ids = targets.ids();
  if (ids != nullptr && std::ranges::all_of(*ids, [](int id) { return id >= 0; })) return *ids;
  return targets.resolve(shell.engines_for(targets));
}

ControlReport steer(detail::Shell& shell, const Targets& targets, const Wish& wish) {
  if (targets.is_all())
    return ask(shell, wish, [](wire::Packer& p) { p.str("all"), p.boolean(true); });
  const std::vector<int> engines = resolve(shell, targets);
  if (engines.empty()) return {};  // to the hub that would mean all
  return ask(shell, wish, [&](wire::Packer& p) {
    p.str("engines"), p.array(engines.size());
    for (const int engine : engines) p.u64(static_cast<std::uint64_t>(engine));
  });
}

}  // namespace

ControlReport Client::interrupt(const Targets& targets, const ControlOptions& options) const {
  return steer(shell(), targets, {"interrupt", options});
}

ControlReport Client::interrupt_jobs(const Jobs& jobs, const ControlOptions& options) const {
  const std::vector<Jobs::Ids> ranges = detail::ranges_of(jobs);
  if (ranges.size() > detail::kRangesPerRequest)
    throw Exception(Errc::too_large, "too many tasks that are not in a row: name their engines");
  if (ranges.empty()) return {};
  return ask(shell(), {"interrupt", options},
             [&](wire::Packer& p) { detail::pack_ranges(p, ranges); });
}

ControlReport Client::send_signal(int signal, const Targets& targets,
                                  const ControlOptions& options) const {
  return steer(shell(), targets, {"signal", options, signal});
}

ControlReport Client::clear(const Targets& targets, const ControlOptions& options) const {
  return steer(shell(), targets, {"clear", options});
}

ControlReport Client::restart(const Targets& targets, const ControlOptions& options) const {
  return steer(shell(), targets, {"restart", options});
}

ControlReport Client::shutdown(const Targets& targets, const ShutdownOptions& options) const {
  const Wish wish{"shutdown", {options.wait, options.timeout}, 0, options.hub};
  return steer(shell(), targets, wish);
}

namespace detail {

ControlReport Submitter::steer(std::string_view verb, const ControlOptions& options,
                               int signal) const {
  return roundhouse::steer(*shell_, settings_.engines, {verb, options, signal});
}

}  // namespace detail
}  // namespace roundhouse
