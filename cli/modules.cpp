#include <algorithm>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/connect.hpp"

namespace roundhouse::cli {

namespace {

constexpr std::size_t kBuildDigits = 12;

// "0 1 2", of those in this state.
std::string engines_in(const ModuleRecord& module, const std::string& state) {
  std::vector<std::string> ids;
  for (const ModuleOnEngine& engine : module.engines)
    if (engine.state == state) ids.push_back(std::to_string(engine.engine));
  return joined(ids);
}

// Whether engines have it only because they were started with it.
bool is_own(const ModuleRecord& module) {
  return !module.kept && std::ranges::all_of(module.engines, &ModuleOnEngine::own);
}

// What an engine said of a module that was just shipped.
struct Answer {
  int engine = 0;
  LoadedModule module;
  std::string error;
};

std::vector<Answer> answers_of(const AsyncResult<std::vector<LoadedModule>>& loading,
                               Duration timeout) {
  std::vector<Answer> out;
  try {
    for (LoadedModule& module : loading.get(timeout)) out.push_back({0, std::move(module), {}});
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i].engine = loading.metadata(i).engine_id.value_or(0);
  } catch (const CompositeError& failed) {
    out.clear();
    for (const RemoteErrorInfo& error : failed.errors())
      out.push_back({static_cast<int>(error.engine_id.value_or(0)), {}, error.value});
  }
  return out;
}

// What all that failed said, once each; they name themselves.
std::string failures_of(const std::vector<Answer>& answers) {
  std::vector<std::string> said;
  for (const Answer& answer : answers)
    if (!answer.error.empty() && std::ranges::find(said, answer.error) == said.end())
      said.push_back(answer.error);
  std::string out;
  for (const std::string& text : said) out.append(out.empty() ? "" : "; ").append(text);
  return out;
}

}  // namespace

void load(const LoadOptions& options, Output& out) {
  const Client client = connect(options.ask);
  const auto loading = client.load(options.path);
  const std::vector<Answer> answers = answers_of(loading, options.ask.timeout);
  Json document = Json::array();
  Table table({{"ENGINE", Align::right}, {"MODULE"}, {"BUILD"}, {"TASKS", Align::left, 0}});
  if (const std::string failures = failures_of(answers); !failures.empty())
    throw Exception(Errc::unknown_module, failures);
  for (const Answer& answer : answers) {
    const LoadedModule& module = answer.module;
    document.push_back({{"engine", answer.engine},
                        {"module", module.name},
                        {"build", module.build},
                        {"tasks", module.tasks}});
    table.row({std::to_string(answer.engine), module.name, module.build.substr(0, kBuildDigits),
               joined(module.tasks)});
  }
  if (out.json()) return out.document(document);
  if (answers.empty())
    return out.line("the hub keeps it; no engine is here yet: `roundhouse engines add N`");
  out.table(table);
}

void modules(const AskOptions& options, Output& out) {
  const Client client = connect(options);
  const std::vector<ModuleRecord> modules = client.modules();
  if (out.json()) {
    Json document = Json::array();
    for (const ModuleRecord& module : modules)
      document.push_back(Json::parse(module.json, nullptr, false));
    return out.document(document);
  }
  if (modules.empty()) return out.line("no modules: ship one with `roundhouse load PATH`");
  Table table({{"BUILD"},
               {"FILE"},
               {"BYTES", Align::right},
               {"FOR"},
               {"ENGINES"},
               {"FAILED ON"},
               {"TASKS", Align::left, 0}});
  for (const ModuleRecord& module : modules) {
    const std::string whom = is_own(module)                    ? "started with"
                             : !module.kept || module.withheld ? "none new"
                             : module.everywhere               ? "all"
                                                               : "some";
    table.row({module.build.substr(0, kBuildDigits), module.name, with_commas(module.size), whom,
               engines_in(module, "loaded"), engines_in(module, "failed"), joined(module.tasks)});
  }
  out.table(table);
  for (const ModuleRecord& module : modules)
    if (!module.kept && !is_own(module))
      out.line("\n" + module.build.substr(0, kBuildDigits) +
               " is on engines that loaded it alone: the hub has it no longer, or not yet");
  for (const ModuleRecord& module : modules)
    if (module.withheld)
      out.line("\n" + module.build.substr(0, kBuildDigits) +
               " is offered to no engine that joins until it is loaded again: " + module.trouble);
}

void remove_module(const RemoveModuleOptions& options, Output& out) {
  const Client client = connect(options.ask);
  const std::string build = client.remove_module(options.build);
  if (out.json()) return out.document(Json{{"removed", build}});
  out.line("removed " + build.substr(0, kBuildDigits) + "; engines that have loaded it keep it");
}

}  // namespace roundhouse::cli
