#include "tests/chaos/options.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>

namespace roundhouse::chaos {
namespace {

bool parse_number(const std::string& text, std::uint64_t low, std::uint64_t high,
                  std::uint64_t& into) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || value < low || value > high) return false;
  into = value;
  return true;
}

bool parse_kinds(const std::string& text, std::vector<FaultKind>& into) {
  std::istringstream names(text);
  for (std::string name; std::getline(names, name, ',');) {
    const auto* found = std::find_if(kFaults.begin(), kFaults.end(),
                                     [&](const FaultWeight& fault) { return fault.name == name; });
    if (found == kFaults.end()) return false;
    into.push_back(found->kind);
  }
  return !into.empty();
}

bool parse_value(const std::string& name, const std::string& value, Options& out) {
  if (name == "--kills") return parse_number(value, 0, 100'000, out.kills);
  if (name == "--seed") return parse_number(value, 0, UINT64_MAX, out.seed);
  if (name == "--engines") return parse_number(value, 1, 100, out.engines);
  if (name == "--clients") return parse_number(value, 1, 100, out.clients);
  if (name == "--rate") return parse_number(value, 1, 100'000, out.rate);
  if (name == "--kinds") return parse_kinds(value, out.kinds);
  if (name == "--grace") return parse_number(value, 0, 600'000, out.grace_ms);
  out.durability = value;
  return value == "relaxed" || value == "commit";
}

}  // namespace

std::string_view to_string(FaultKind kind) {
  for (const FaultWeight& fault : kFaults)
    if (fault.kind == kind) return fault.name;
  return "";
}

std::optional<Options> parse_options(const std::vector<std::string>& words, std::string& problem) {
  constexpr std::array<std::string_view, 8> kWithValue{"--kills",   "--seed", "--engines",
                                                       "--clients", "--rate", "--durability",
                                                       "--grace",   "--kinds"};
  Options out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& name = words[i];
    if (name == "--json") {
      out.json = true;
    } else if (name == "--keep") {
      out.keep = true;
    } else if (std::find(kWithValue.begin(), kWithValue.end(), name) == kWithValue.end()) {
      problem = "there is no option " + name;
      return std::nullopt;
    } else if (++i == words.size()) {
      problem = name + " wants a value";
      return std::nullopt;
    } else if (!parse_value(name, words[i], out)) {
      problem = name + " cannot be " + words[i];
      return std::nullopt;
    }
  }
  return out;
}

std::string usage() {
  std::string text =
      "usage: roundhouse-chaos [--kills N] [--seed N] [--engines N] [--clients N] [--rate N]\n"
      "                        [--durability relaxed|commit] [--grace MS] [--kinds A,B]\n"
      "                        [--json] [--keep]\n"
      "\n"
      "Kills processes of a cluster of its own, N times (1000), while clients give it tasks that\n"
      "check themselves, and says what came of it.\n"
      "\n"
      "  --seed         draws the faults (1)\n"
      "  --engines      with a nanny each (4)\n"
      "  --clients      that submit tasks (3)\n"
      "  --rate         tasks a second of each client (100)\n"
      "  --durability   of the hub's store (relaxed)\n"
      "  --grace        milliseconds that a hub waits for the engines it knew (500)\n"
      "  --kinds        only these:";
  for (const FaultWeight& fault : kFaults) text += " " + std::string(fault.name);
  return text +
         "\n"
         "  --json         the figures on one line\n"
         "  --keep         leaves the folder with journals, logs and database, and says where\n"
         "\n"
         "Exit codes: 0 all is well; 1 something was lost, doubled, wrong or run twice; 2 it "
         "could\n"
         "not be finished; 3 usage; 130 interrupted.\n";
}

}  // namespace roundhouse::chaos
