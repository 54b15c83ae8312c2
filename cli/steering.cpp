// What people do to engines: interrupt, signal, restart, clear, shutdown.
#include <array>
#include <cctype>
#include <charconv>
#include <csignal>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/connect.hpp"
#include "cli/filter.hpp"
#include <roundhouse/control.hpp>
#include <roundhouse/error.hpp>

namespace roundhouse::cli {
namespace {

ControlOptions patience(const SteerOptions& options) {
  ControlOptions out;
  out.wait = !options.no_wait;
  out.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(options.wait);
  return out;
}

// "all", or ids as they are: the hub knows engines that are not there now.
Targets targets_of(const Client& client, const std::string& selector) {
  if (selector == "all") return all;
  if (selector == "last") return resolve_engines(client, selector);
  return select_engines(selector, {});
}

Targets named(const Client& client, const SteerOptions& options, const char* verb) {
  if (options.engines.empty())
    throw UsageError(std::string(verb) + " which engines? Give 3, or 0,2-5, or last, or all");
  return targets_of(client, options.engines);
}

std::string_view sentence(const EngineReport& report) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kSentences{{
      {"idle", "nothing ran"},
      {"interrupted", "what ran has stopped"},
      {"replaced", "what ran did not stop: its process was replaced"},
      {"signalled", "was sent the signal"},
      {"cleared", "has forgotten its names"},
      {"restarted", "runs as a new process"},
      {"left", "has left"},
      {"asked", "is asked to"},
      {"no_answer", "does not answer"},
      {"busy", "is busy, and forgets its names after what it runs"},
      {"stopping", "is stopping what runs"},
      {"restarting", "is restarting"},
      {"leaving", "is leaving"},
      {"away", "is not connected"},
      {"no_process", "is between two processes"},
      {"no_nanny", "has no nanny"},
      {"refused", "refuses"},
  }};
  for (const auto& [state, text] : kSentences)
    if (state == report.state) return text;
  return report.state;
}

// A report, and an error when some of the engines have not done it.
void print(const ControlReport& report, bool waited, Output& out) {
  if (out.json()) {
    Json document = Json::array();
    for (const EngineReport& each : report.engines) {
      Json& engine = document.emplace_back(Json{{"engine", each.engine},
                                                {"done", each.done},
                                                {"state", each.state},
                                                {"text", each.text}});
      if (each.tasks > 0) engine["tasks"] = each.tasks;
    }
    out.document(document);
  } else if (report.engines.empty()) {
    out.line("no engine is concerned");
  }
  std::size_t left = 0;
  for (const EngineReport& each : report.engines) {
    left += each.done ? 0U : 1U;
    if (out.json()) continue;
    std::string line = "engine " + std::to_string(each.engine) + ": ";
    line += sentence(each);
    if (!each.text.empty() && each.text != "it " + std::string(sentence(each)))
      line += " (" + each.text + ")";
    out.line(printable(line));
  }
  if (left > 0 && waited)
    raise({Errc::timeout, std::to_string(left) + " of " + std::to_string(report.engines.size()) +
                              " engines have not done it"});
}

// "USR1", "SIGUSR1" or "10".
int parse_signal(const std::string& text) {
  int number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() && number >= 1 &&
      number <= 64)
    return number;
  std::string name;
  for (const char c : text) name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (name.starts_with("SIG")) name.erase(0, 3);
  for (number = 1; number < NSIG; ++number) {
    const char* known = sigabbrev_np(number);
    if (known != nullptr && name == known) return number;
  }
  throw UsageError("'" + text + "' is no signal: USR1, SIGTERM or 10 are");
}

}  // namespace

void interrupt(const SteerOptions& options, Output& out) {
  if (options.engines.empty() == options.ids.empty())
    throw UsageError("interrupt what? Give ids, last or last:N, or --engine");
  const Client client = connect(options.ask);
  const ControlOptions wait = patience(options);
  const ControlReport report = options.ids.empty()
                                   ? client.interrupt(targets_of(client, options.engines), wait)
                                   : client.interrupt(Jobs(resolve_ids(client, options.ids)), wait);
  if (report.engines.empty() && !options.ids.empty() && !out.json())
    return out.line("none of them runs");
  print(report, wait.wait, out);
}

void send_signal(const SteerOptions& options, Output& out) {
  const int signal = parse_signal(options.signal);
  const Client client = connect(options.ask);
  const ControlOptions wait = patience(options);
  print(client.send_signal(signal, named(client, options, "signal"), wait), wait.wait, out);
}

void restart(const SteerOptions& options, Output& out) {
  const Client client = connect(options.ask);
  const ControlOptions wait = patience(options);
  print(client.restart(named(client, options, "restart"), wait), wait.wait, out);
}

void clear(const SteerOptions& options, Output& out) {
  const Client client = connect(options.ask);
  const ControlOptions wait = patience(options);
  print(client.clear(named(client, options, "clear"), wait), wait.wait, out);
}

void shutdown(const SteerOptions& options, Output& out) {
  const Client client = connect(options.ask);
  const ControlOptions wait = patience(options);
  const ShutdownOptions how{options.hub, wait.wait, wait.timeout};
  print(client.shutdown(named(client, options, "shut down"), how), wait.wait, out);
}

}  // namespace roundhouse::cli
