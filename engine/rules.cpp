#include "engine/rules.hpp"

#include <string>
#include <utility>

#include <roundhouse/arguments.hpp>

namespace roundhouse::engine {
namespace {

Refusal unmet(std::string text) {
  return {wire::Ending::unmet, {kUnmetDependency, std::move(text), ""}};
}

std::string named(const Rules& rules) {
  return "the predicate '" + rules.depend + "'";
}

// What a predicate that returned normally said.
std::optional<Refusal> refusal_of(const Rules& rules, const Reply& reply) {
  try {
    if (decode_result<bool>(reply.result.body, reply.result.frames)) return std::nullopt;
    return unmet(named(rules) + " says no");
  } catch (const SerializationError& error) {
    return Refusal{wire::Ending::error,
                   {"SerializationError", named(rules) + ": " + error.what(), ""}};
  }
}

std::optional<Refusal> ask_predicate(const Rules& rules, const Template& shared,
                                     const ModuleSet& modules, TaskHost& host,
                                     const std::atomic<bool>* stop) {
  const auto predicate = modules.find(rules.depend, rules.depend_signature, shared.builds);
  if (!predicate) return unmet(named(rules) + " is not here: " + predicate.error().text);
  Reply reply;
  (*predicate)->invoke({rules.depend_body, {}, &host, stop}, reply);
  if (reply.ok) return refusal_of(rules, reply);
  TaskError& error = reply.error;
  if (error.name == kUnmetDependency) return unmet(std::move(error.value));
  error.value = named(rules) + " threw: " + error.value;
  return Refusal{wire::Ending::error, std::move(error)};
}

}  // namespace

std::optional<Refusal> find_refusal(const Template& shared, const ModuleSet& modules,
                                    TaskHost& host, const std::atomic<bool>* stop) {
  const Rules& rules = *shared.rules;
  for (const std::string& module : rules.modules)
    if (!modules.has_module(module)) return unmet("the module '" + module + "' is not loaded");
  for (std::size_t i = 0; i + 1 < rules.functions.size(); i += 2) {
    const auto found = modules.find(rules.functions[i], rules.functions[i + 1], shared.builds);
    if (!found) return unmet(found.error().text);
  }
  if (rules.depend.empty()) return std::nullopt;
  return ask_predicate(rules, shared, modules, host, stop);
}

}  // namespace roundhouse::engine
