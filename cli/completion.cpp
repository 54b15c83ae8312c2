#include "cli/completion.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <iostream>
#include <set>
#include <utility>

#include "cli/commands.hpp"
#include "cli/connect.hpp"
#include "shared/manual/man_page.hpp"
#include "shared/paths.hpp"
#include <roundhouse/client.hpp>

namespace roundhouse::cli {

namespace {

constexpr std::size_t kTasksMax = 20;  // more ids than that nobody picks from

// Of options that know theirs. CLI11 keeps them in what it says of a wrong one: "x not in {a,b}".
std::vector<std::string> choices_of(CLI::Option& option) {
  std::vector<std::string> words;
  const CLI::Validator* check = nullptr;
  try {
    check = option.get_validator(0);
  } catch (const CLI::OptionNotFound&) {
    return words;
  }
  const std::string said = (*check)(std::string("?"));
  const std::size_t from = said.find(" not in {");
  const std::size_t to = said.rfind('}');
  if (from == std::string::npos || to == std::string::npos) return words;
  return CLI::detail::split(said.substr(from + 9, to - from - 9), ',');
}

Live live_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  if (type == "PATH" || type == "FILE" || type == "FOLDER") return Live::file;
  if (option.check_lname("cluster")) return Live::cluster;
  if (type == "ENGINES" || option.check_lname("engine")) return Live::engine;
  if (option.check_lname("function") || option.check_name("function")) return Live::function;
  if (type == "ID" && !option.check_lname("session")) return Live::task;
  return Live::nothing;
}

// The option of this name, of the command or of those above it, which may stand anywhere.
CLI::Option* option_named(CLI::App* app, const std::string& name) {
  for (; app != nullptr; app = app->get_parent())
    if (CLI::Option* option = app->get_option_no_throw(name)) return option;
  return nullptr;
}

CLI::App* command_named(CLI::App& app, const std::string& name) {
  for (CLI::App* each : app.get_subcommands([](CLI::App*) { return true; }))
    if (each->get_name() == name && !each->get_group().empty()) return each;
  return nullptr;
}

void offer_values(CLI::Option& option, Completion& out) {
  out.words = choices_of(option);
  out.live = live_of(option);
  const std::string type = option.get_type_name();
  out.list = type == "ENGINES" || type == "STATUS";
  if (type == "STATUS")
    out.words = {"pending", "running", "ok", "error", "aborted", "timed_out", "engine_lost"};
}

// What is to come after the words before: a value, a command, or an argument of the command.
struct Place {
  CLI::App* app;
  CLI::Option* wants = nullptr;
  std::size_t arguments = 0;
};

Place find_place(CLI::App& app, const std::vector<std::string>& before, std::string& cluster) {
  Place place{&app};
  for (const std::string& word : before) {
    if (place.wants != nullptr) {
      if (word == "=") continue;
      if (place.wants->check_lname("cluster")) cluster = word;
      place.wants = nullptr;
    } else if (word.starts_with("-")) {
      CLI::Option* option = option_named(place.app, word);
      if (option != nullptr && option->get_expected_max() > 0) place.wants = option;
    } else if (CLI::App* command = command_named(*place.app, word)) {
      place.app = command;
      place.arguments = 0;
    } else {
      ++place.arguments;
    }
  }
  return place;
}

void offer_arguments(const Place& place, Completion& out) {
  std::size_t passed = 0;
  for (CLI::Option* option : place.app->get_options([](CLI::Option*) { return true; })) {
    if (!option->get_positional()) continue;
    passed += static_cast<std::size_t>(option->get_expected_max());
    if (place.arguments < passed) return offer_values(*option, out);
  }
}

void offer_options(CLI::App* app, Completion& out) {
  for (; app != nullptr; app = app->get_parent())
    for (const CLI::Option* option : manual::options_of(*app))
      for (const std::string& name : option->get_lnames())
        if (std::ranges::find(out.words, "--" + name) == out.words.end())
          out.words.push_back("--" + name);
}

// Bash ends words at colons, too: puts "a", "::", "b" together again, and returns the part of the
// last word that the shell has left behind.
std::string join_colons(std::vector<std::string>& words) {
  std::vector<std::string> joined;
  std::string behind;
  bool open = false;
  for (const std::string& word : words) {
    const bool colons = !word.empty() && word.find_first_not_of(':') == std::string::npos;
    const bool goes_on = (colons || open) && !joined.empty();
    behind = goes_on ? joined.back() + (colons ? word : "") : "";
    if (goes_on)
      joined.back() += word;
    else
      joined.push_back(word);
    open = colons;
  }
  words = std::move(joined);
  return behind;
}

AskOptions quickly(const std::string& cluster) {
  AskOptions ask;
  ask.cluster = cluster;
  ask.timeout = std::chrono::seconds{1};
  return ask;
}

std::vector<std::string> live_words(const Completion& wanted) {
  std::vector<std::string> words;
  if (wanted.live == Live::cluster) return list_clusters();
  const Client client = connect(quickly(wanted.cluster));
  if (wanted.live == Live::engine) {
    for (const EngineInfo& engine : client.engines()) words.push_back(std::to_string(engine.id));
  } else if (wanted.live == Live::task) {
    words = client.hub_history(kTasksMax);
  } else if (wanted.live == Live::function) {
    std::set<std::string> names;
    for (const ModuleRecord& module : client.modules())
      names.insert(module.tasks.begin(), module.tasks.end());
    words.assign(names.begin(), names.end());
  }
  return words;
}

}  // namespace

Completion complete(CLI::App& app, std::vector<std::string> words) {
  std::string current = words.empty() ? "" : std::move(words.back());
  if (!words.empty()) words.pop_back();
  if (current == "=") current.clear();
  Completion out;
  const Place place = find_place(app, words, out.cluster);
  if (place.wants != nullptr) {
    offer_values(*place.wants, out);
  } else if (current.starts_with("-")) {
    offer_options(place.app, out);
  } else {
    for (const CLI::App* command : manual::commands_of(*place.app))
      out.words.push_back(command->get_name());
    offer_arguments(place, out);
  }
  if (out.live == Live::engine) out.words.insert(out.words.end(), {"all", "last"});
  if (out.live == Live::task) out.words.emplace_back("last");
  if (out.list) {
    out.before = current.substr(0, current.rfind(',') + 1);  // nothing without a comma
    for (std::string& word : out.words) word.insert(0, out.before);
    if (out.before.size() > 0 && out.live == Live::engine) out.words.clear();  // all, last: alone
  }
  std::erase_if(out.words, [&](const std::string& word) { return !word.starts_with(current); });
  return out;
}

void print_completion(CLI::App& app, std::vector<std::string> words) {
  const std::size_t behind = join_colons(words).size();
  const std::string current = words.empty() || words.back() == "=" ? "" : words.back();
  const Completion wanted = complete(app, std::move(words));
  for (const std::string& word : wanted.words) std::cout << word.substr(behind) << '\n';
  if (wanted.live == Live::file) std::cout << ":file\n";
  if (wanted.live == Live::nothing || wanted.live == Live::file) return;
  try {
    for (const std::string& found : live_words(wanted))
      if (const std::string word = wanted.before + found; word.starts_with(current))
        std::cout << word.substr(behind) << '\n';
  } catch (const std::exception&) {  // whoever presses a key has asked for no error
  }
}

std::string bash_completion() {
  return R"(# Completion of roundhouse for bash. The program itself says what may come next.
_roundhouse() {
  local cur=${COMP_WORDS[COMP_CWORD]} line name
  local program=${COMP_WORDS[0]/#\~/$HOME}
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line != :file ]]; then
      COMPREPLY+=("$line")
      continue
    fi
    [[ $cur == = ]] && cur=
    compopt -o filenames 2>/dev/null
    while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen -f -- "$cur")
  done < <(timeout 5 "$program" complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _roundhouse roundhouse
)";
}

}  // namespace roundhouse::cli
