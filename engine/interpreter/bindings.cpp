#include "engine/interpreter/bindings.hpp"

#include <cctype>
#include <set>
#include <utility>

#include "engine/interpreter/usual_types.hpp"
#include <roundhouse/type_name.hpp>

namespace roundhouse::engine::interpreter {

namespace {

// Words that might be names, comments and text included: one too many does no harm.
std::set<std::string, std::less<>> words_of(std::string_view code) {
  std::set<std::string, std::less<>> out;
  const auto is_part = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return std::isalnum(byte) != 0 || c == '_' || byte >= 0x80;  // or a letter of UTF-8
  };
  while (!code.empty()) {
    std::size_t length = 0;
    while (length < code.size() && is_part(code[length])) ++length;
    if (length != 0 && std::isdigit(static_cast<unsigned char>(code[0])) == 0)
      out.emplace(code.substr(0, length));
    code.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace

void Bindings::declare(std::string_view code, std::string& problems) {
  for (const std::string& name : words_of(code)) {
    const std::optional<std::string> type = names_.type_of(name);
    if (!type) continue;
    const auto known = bound_.find(name);
    if (known != bound_.end() &&
        (known->second->type == *type || known->second->object->packed == *type))
      continue;
    std::string problem;
    // All that is in a namespace would be out of reach.
    if (unit_.compiler().has_namespace(name)) continue;
    if (declare_one(name, *type, problem)) continue;
    problems += "'" + name + "' is a " + readable_type(*type) +
                " on this engine, which code cannot use: " + problem + "\n";
  }
}

// The one variable that an input declares; nothing, and why, when it cannot.
std::optional<Variable> Bindings::declare_variable(const std::string& text, std::string& problem) {
  TaskError error;
  if (!unit_.compile_aside({text, "names of this engine"}, error)) {
    problem = error.value;
    return std::nullopt;
  }
  const Declared declared = unit_.compiler().declared();
  if (declared.variables.size() == 1) return declared.variables.front();
  problem = "it is no variable";
  return std::nullopt;
}

bool Bindings::declare_one(const std::string& name, const std::string& type, std::string& problem) {
  const std::string reference = "extern " + readable_type(type) + "& ";
  auto binding = std::make_unique<Binding>();
  binding->type = type;
  if (const UsualType* usual = find_usual_type(type)) {
    binding->object = usual->object;
  } else {  // under a name that nobody uses, for it may not do
    const std::string probe = "rh_name_" + std::to_string(++probes_);
    const std::optional<Variable> probed = declare_variable(reference + probe + ";", problem);
    if (!probed) return false;
    binding->type = probed->type;
    binding->object = types_.find(probed->type, "decltype(::" + probe + ")", problem);
  }
  if (binding->object == nullptr || !look_up(name, *binding, problem)) return false;
  const std::optional<Variable> variable = declare_variable(reference + name + ";", problem);
  if (!variable) return false;
  forget(name);
  unit_.jit()->define(variable->symbol, &binding->address);
  bound_[name] = std::move(binding);
  return true;
}

void Bindings::refresh() {
  std::string ignored;
  for (auto& [name, binding] : bound_) (void)look_up(name, *binding, ignored);
}

// What is no longer there, or of another type, stays what it was.
bool Bindings::look_up(std::string_view name, Binding& binding, std::string& problem) {
  Pin pin;
  if (names_.get(name, *binding.object, true, pin, problem) != Lookup::found) return false;
  binding.address = pin.object;
  binding.pin = std::move(pin);
  return true;
}

void Bindings::forget(std::string_view name) {
  const auto found = bound_.find(name);
  if (found == bound_.end()) return;
  former_.push_back(std::move(found->second));
  bound_.erase(found);
}

}  // namespace roundhouse::engine::interpreter
