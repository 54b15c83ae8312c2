#include "engine/interpreter/source_interpreter.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <mutex>
#include <typeinfo>
#include <utility>

#include "engine/interpreter/usual_types.hpp"
#include <roundhouse/failure.hpp>
#include <roundhouse/type_name.hpp>

namespace roundhouse::engine::interpreter {

namespace {

// The value that the input being run has taken, on this thread.
struct Taken {
  std::string text;
  std::string type;
};

thread_local Taken* taken = nullptr;

// rh_take, see interpreted.hpp
void take(const void* object, const char* type, const std::string* text) {
  if (taken == nullptr) return;
  taken->type = without_readable_tags(readable_type(type));
  const UsualType* usual = find_usual_type(type);
  if (text != nullptr) {
    taken->text = *text == "<>" ? "<" + taken->type + ">" : *text;
  } else if (usual != nullptr) {
    taken->text = usual->show(object);
  }
}

// What code may use without including it. Since these headers cost a second, they are compiled when
// code first has the word.
struct Convenience {
  std::string_view word;
  const char* text;
};

constexpr std::array kConveniences{
    Convenience{"MSGPACK_", "#include <roundhouse/serialize.hpp>\n"},
    Convenience{"this_engine", "#include <roundhouse/this_engine.hpp>\n"},
    Convenience{"rh::", "#include <roundhouse/this_engine.hpp>\nnamespace rh = ::roundhouse;\n"}};

// Arrays as vectors, text that is somebody else's as std::string.
bool travels_as_another(std::string_view type) {
  return type.starts_with('A') || type == typeid(char*).name() ||
         type == typeid(const char*).name() || type == typeid(std::string_view).name();
}

// Code that calls a `main` of this type, with `file` as its only argument.
std::string call_of_main(std::string_view type, std::string_view file) {
  if (type.find("()") != std::string_view::npos) return "main()";
  const bool wants_environment = std::ranges::count(type, ',') > 1;
  return "[] { static char name[] = " + literal(file) +
         "; static char* words[] = {name, nullptr}; extern char** environ; return main(1, words" +
         (wants_environment ? ", environ" : "") + "); }()";
}

void run(const std::vector<Jit::Step>& steps, Executed& out) {
  Taken value;
  Taken* const outer = std::exchange(taken, &value);
  try {
    for (const Jit::Step step : steps) step();
    out.value = std::move(value.text);
    out.type = std::move(value.type);
  } catch (...) {
    Reply reply;
    detail::fail_with_current_exception(reply);
    out.ok = false;
    out.error = std::move(reply.error);
    out.error.name = without_readable_tags(out.error.name);
  }
  taken = outer;
}

}  // namespace

SourceInterpreter::State::State(NamedObjects& names)
    : unit(Optimization::none), types(unit), bindings(names, unit, types) {
  unit.jit()->define("rh_take", reinterpret_cast<void*>(&take));
  unit.begin();
  unit.compiler().take_values();
}

SourceInterpreter::SourceInterpreter(NamedObjects& names, EngineApi& engine)
    : names_(names), engine_(engine), state_(std::make_unique<State>(names)) {}

SourceInterpreter::~SourceInterpreter() = default;

Executed SourceInterpreter::execute(const SourceInput& input, const Invocation& call) {
  const std::lock_guard lock(mutex_);
  ++state_->inputs;
  Source source{std::string(input.code), std::string(input.file)};
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";  // of editors
  if (source.text.starts_with(kByteOrderMark)) source.text.erase(0, kByteOrderMark.size());
  if (source.file.empty()) source.file = "input " + std::to_string(state_->inputs);
  state_->unit.offer(input.functions);
  add_conveniences(source.text);
  Executed out = run_source(source, call);
  if (!out.ok || !input.is_program || state_->main.empty()) return out;
  Executed ended = run_source({call_of_main(state_->main, source.file), source.file}, call);
  ended.warnings = std::move(out.warnings);
  return ended;
}

Executed SourceInterpreter::run_source(const Source& source, const Invocation& call) {
  Executed out;
  std::string problems;
  state_->bindings.declare(source.text, problems);
  state_->bindings.refresh();
  auto compiled = state_->unit.compile(source, out.error);
  if (!compiled) {
    out.ok = false;
    out.error.traceback += problems;
    return out;
  }
  out.warnings = std::move(compiled->warnings);
  learn(state_->unit.compiler().declared());
  state_->scope.find(state_->unit, engine_);
  state_->scope.run(call, [&] { run(compiled->steps, out); });
  return out;
}

void SourceInterpreter::add_conveniences(std::string_view code) {
  for (const Convenience& one : kConveniences) {
    if (code.find(one.word) == std::string_view::npos ||
        !state_->known_words.insert(one.word).second)
      continue;
    TaskError ignored;  // the code may have that name for something else
    (void)state_->unit.compile_aside({one.text, "headers of Roundhouse"}, ignored);
  }
}

void SourceInterpreter::learn(const Declared& declared) {
  state_->main = declared.main;
  for (const auto& [name, what] : declared.names) {
    if (!what.empty()) state_->declared[name] = what;
    state_->variables.erase(name);
    state_->bindings.forget(name);
    if (what != "namespace") names_.erase(name);  // which hides no value
  }
  for (const Variable& variable : declared.variables) {
    if (variable.is_defined) state_->variables[variable.name] = variable;
  }
}

const Variable* SourceInterpreter::find_variable(std::string_view name, std::string& error) const {
  const auto found = state_->variables.find(name);
  if (found != state_->variables.end()) return &found->second;
  error = "nothing is named " + quoted(name) + " on this engine";
  return nullptr;
}

// Null when it has none.
void* SourceInterpreter::address_of(const Variable& variable) {
  Jit& jit = *state_->unit.jit();
  void* address = jit.find(variable.symbol);
  if (address == nullptr) {
    // One that is static, inline or a constant is there once somebody takes its address.
    const std::string taker = "rh_address_" + std::to_string(++state_->functions);
    std::string ignored;
    if (state_->unit.function("extern \"C\" const volatile void* " + taker +
                                  "() { return __builtin_addressof(::" + variable.name + "); }",
                              taker, ignored) != nullptr)
      address = jit.find(variable.symbol);
  }
  if (address == nullptr || !variable.is_reference) return address;
  return *static_cast<void**>(address);
}

Lookup SourceInterpreter::get(std::string_view name, const ObjectType& type, Pin& pin,
                              std::string& error) {
  const std::lock_guard lock(mutex_);
  const Variable* variable = find_variable(name, error);
  if (variable == nullptr) return Lookup::no_such_name;
  if (without_tags(variable->type) != type.exact) {
    error = quoted(name) + " is a " + without_readable_tags(readable_type(variable->type)) +
            " on this engine, and was asked for as a " + readable_type(type.exact);
    return Lookup::wrong_type;
  }
  if (variable->size != type.size) {
    error = quoted(name) + " is of another type that is called " + readable_type(type.exact) +
            " in code: both are to have the same members";
    return Lookup::wrong_type;
  }
  pin.object = address_of(*variable);
  if (pin.object == nullptr || variable->is_constant) {
    error = quoted(name) + " is a constant, and cannot be got but as a copy";
    return Lookup::wrong_type;
  }
  pin.owner = state_->unit.life();
  return Lookup::found;
}

bool SourceInterpreter::pull_itself(const Variable& variable, PackedValue& out,
                                    std::string& problem) {
  if (variable.type.starts_with('P')) {
    problem = "a pointer cannot travel";
    return false;
  }
  const std::string spelled = "decltype(::" + variable.name + ")";
  const ObjectType* type = state_->types.find(variable.type, spelled, problem);
  if (type == nullptr) return false;
  void* const address = address_of(variable);
  if (address == nullptr) problem = "it is kept nowhere";
  if (address == nullptr || !type->encode(address, out.value, problem)) return false;
  out.type = type->packed;
  return true;
}

bool SourceInterpreter::pull_copy(const Variable& variable, PackedValue& out,
                                  std::string& problem) {
  const std::string maker = "rh_copy_" + std::to_string(++state_->functions);
  using Make = const char* (*)(void** value);
  const auto make = reinterpret_cast<Make>(state_->unit.function(
      "extern \"C\" const char* " + maker +
          "(void** value) {\n  return ::roundhouse::interpreted::make_value(::" + variable.name +
          ", value);\n}",
      maker, problem));
  if (make == nullptr) return false;
  const std::string spelled =
      "decltype(::roundhouse::interpreted::as_value(::" + variable.name + "))";
  const ObjectType* type = state_->types.find(make(nullptr), spelled, problem);
  if (type == nullptr) return false;
  void* value = nullptr;
  make(&value);
  if (value == nullptr) {
    problem = "it is null";
    return false;
  }
  const bool packed = type->encode(value, out.value, problem);
  type->destroy(value);
  out.type = type->packed;
  return packed;
}

Lookup SourceInterpreter::pull(std::string_view name, PackedValue& out, std::string& error) {
  const std::lock_guard lock(mutex_);
  const Variable* variable = find_variable(name, error);
  if (variable == nullptr) return Lookup::no_such_name;
  std::string problem;
  out = {};
  if (travels_as_another(variable->type) ? pull_copy(*variable, out, problem)
                                         : pull_itself(*variable, out, problem))
    return Lookup::found;
  error = quoted(name) + " is a " + without_readable_tags(readable_type(variable->type)) +
          " and cannot be packed: " + problem;
  return Lookup::wrong_type;
}

std::vector<std::string> SourceInterpreter::names() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [name, variable] : state_->variables) out.push_back(name);
  return out;
}

std::vector<KnownName> SourceInterpreter::declared() {
  const std::lock_guard lock(mutex_);
  std::vector<KnownName> out;
  for (const auto& [name, what] : state_->declared) out.push_back({name, what});
  return out;
}

bool SourceInterpreter::has(std::string_view name) {
  const std::lock_guard lock(mutex_);
  return state_->variables.contains(name);
}

bool SourceInterpreter::assign(std::string_view name, const PackedValue& value) {
  const std::lock_guard lock(mutex_);
  const auto found = state_->variables.find(name);
  if (found == state_->variables.end()) return false;
  const Variable& variable = found->second;
  const UsualType* usual = find_usual_type(variable.type);
  void* const address = variable.is_constant ? nullptr : address_of(variable);
  if (usual != nullptr && address != nullptr && usual->object->packed == value.type) {
    try {
      usual->assign(address, value.value);
      return true;
    } catch (const std::exception&) {  // the namespace is to have what cannot be unpacked
    }
  }
  state_->variables.erase(found);
  state_->declared.erase(std::string(name));
  return false;
}

bool SourceInterpreter::has_function(std::string_view name) {
  const std::lock_guard lock(mutex_);
  return !state_->unit.compiler().functions(name).empty();
}

void SourceInterpreter::call(CallKind kind, std::string_view function, const Invocation& call,
                             Reply& reply) {
  std::shared_ptr<const Callable> callable;
  Scope scope;
  {
    const std::lock_guard lock(mutex_);
    TaskError error;
    callable = find_callable(function, error);
    if (callable == nullptr) return detail::fail(reply, std::move(error));
    state_->bindings.refresh();
    state_->scope.find(state_->unit, engine_);
    scope = state_->scope;
  }
  scope.run(call, [&] { callable->invoke(kind, call, reply); });
}

std::shared_ptr<const Callable> SourceInterpreter::find_callable(std::string_view function,
                                                                 TaskError& error) {
  const auto found = state_->unit.compiler().functions(function);
  const std::string name(function);
  if (found.empty()) {
    error = {"NameError", "no function named " + quoted(name) + " is declared on this engine", {}};
    return nullptr;
  }
  if (found.size() != 1 || found.front().is_template) {
    error = {"NameError",
             quoted(name) + " is " +
                 (found.size() != 1 ? "several functions" : "a function template") +
                 " on this engine: give the one that is meant a name of its own",
             {}};
    return nullptr;
  }
  auto& known = state_->callables[name];
  if (known == nullptr || known->identity() != found.front().identity) {
    const std::string global = (name.starts_with("::") ? "" : "::") + name;
    const std::string address = found.front().is_object
                                    ? "::roundhouse::interpreted::function_of<" + global +
                                          ">(&decltype(" + global + ")::operator())"
                                    : "&" + global;
    known = Callable::make(
        state_->unit, found.front(),
        [&](const std::string& before, const std::string& after) {
          return before + address + after;
        },
        error);
  }
  return known;
}

void SourceInterpreter::clear() {
  const std::lock_guard lock(mutex_);
  state_ = std::make_unique<State>(names_);
}

}  // namespace roundhouse::engine::interpreter
