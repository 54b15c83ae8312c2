#include "cli/usage.hpp"

#include <optional>
#include <vector>

#include "shared/spelling.hpp"

namespace roundhouse::cli {

namespace {

// How far the line was understood: the last command that it names, and all words up to it.
struct UsagePlace {
  const CLI::App* command;
  std::string words;
};

UsagePlace place_in(const CLI::App& app) {
  UsagePlace place{&app, app.get_name()};
  while (!place.command->get_subcommands().empty()) {
    place.command = place.command->get_subcommands().back();
    place.words += " " + place.command->get_name();
  }
  return place;
}

// Those that help lists.
std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* each : app.get_subcommands([](const CLI::App*) { return true; }))
    if (!each->get_group().empty()) names.push_back(each->get_name());
  return names;
}

std::optional<std::string> nearest(const std::string& name, const std::vector<std::string>& known) {
  std::optional<std::string> best;
  for (const std::string& each : known) {
    if (!nearly_the_same(name, each)) continue;
    if (!best || spelling_distance(name, each) < spelling_distance(name, *best)) best = each;
  }
  return best;
}

// Of a word that nothing wanted.
std::string unexpected(const UsagePlace& place, const std::string& word) {
  if (word.starts_with("-")) return "`" + place.words + "` has no option '" + word + "'";
  if (place.command->get_name() == "submit")
    return "the program stands behind --: `" + place.words + " -- " + word + " ...`";
  const std::vector<std::string> commands = commands_of(*place.command);
  if (commands.empty()) return "`" + place.words + "` does not know what to do with '" + word + "'";
  const std::string before = place.words.substr(place.words.find(' ') + 1) + " ";
  const std::string path = place.command->get_parent() == nullptr ? "" : before;
  const auto meant = nearest(word, commands);
  return "there is no command '" + path + word + "'" +
         (meant ? " (nearest: " + path + *meant + ")" : "");
}

}  // namespace

std::string usage_text(const CLI::App& app, const CLI::ParseError& error) {
  const UsagePlace place = place_in(app);
  std::string text = error.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const std::vector<std::string> left = app.remaining(true);
    if (!left.empty()) text = unexpected(place, left.front());
  }
  return text + " (see `" + place.words + " --help`)";
}

}  // namespace roundhouse::cli
