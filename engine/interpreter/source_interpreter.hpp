#pragma once

// SHELL. SourceInterpreter: the Interpreter whose compiler is clang's. Thread rule: any thread; one
// lock, which running code holds, too, and may take again by what it asks of its engine; but
// functions that are called by name run without it.

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/interpreter.hpp"
#include "engine/interpreter/bindings.hpp"
#include "engine/interpreter/callable.hpp"
#include "engine/interpreter/scope.hpp"
#include "engine/interpreter/types.hpp"
#include "engine/interpreter/unit.hpp"

namespace roundhouse::engine::interpreter {

class SourceInterpreter final : public Interpreter {
 public:
  // Both outlive it. Throws std::runtime_error when the compiler cannot be set up.
  SourceInterpreter(NamedObjects& names, EngineApi& engine);
  ~SourceInterpreter() override;

  [[nodiscard]] Executed execute(const SourceInput& input, const Invocation& call) override;

  void let_go() override { mutex_.unlock(); }

  void take_again() override { mutex_.lock(); }

  [[nodiscard]] Lookup get(std::string_view name, const ObjectType& type, Pin& pin,
                           std::string& error) override;
  [[nodiscard]] Lookup pull(std::string_view name, PackedValue& out, std::string& error) override;
  [[nodiscard]] std::vector<std::string> names() override;
  [[nodiscard]] std::vector<KnownName> declared() override;
  [[nodiscard]] bool has(std::string_view name) override;
  [[nodiscard]] bool assign(std::string_view name, const PackedValue& value) override;
  [[nodiscard]] bool has_function(std::string_view name) override;
  void call(CallKind kind, std::string_view function, const Invocation& call,
            Reply& reply) override;
  void clear() override;

 private:
  // All that is forgotten at once.
  struct State {
    explicit State(NamedObjects& names);

    Unit unit;
    Scope scope;
    KnownTypes types;
    Bindings bindings;
    std::map<std::string, Variable, std::less<>> variables;
    std::map<std::string, std::shared_ptr<const Callable>, std::less<>> callables;
    std::set<std::string_view> known_words;  // of conveniences that have been compiled
    std::map<std::string, std::string, std::less<>> declared;  // what each is, for people
    std::string main;  // that the last input has defined: see Declared
    std::size_t inputs = 0;
    std::size_t functions = 0;  // that have been compiled to get at variables
  };

  // Compiles and runs one text, of which nothing has been compiled.
  [[nodiscard]] Executed run_source(const Source& source, const Invocation& call);
  // Compiles what the code may use without including it.
  void add_conveniences(std::string_view code);
  // What the last input has declared is known by its name, and no longer as anything else.
  void learn(const Declared& declared);
  [[nodiscard]] void* address_of(const Variable& variable);
  // False, and why, when it cannot be packed.
  [[nodiscard]] bool pull_itself(const Variable& variable, PackedValue& out, std::string& problem);
  [[nodiscard]] bool pull_copy(const Variable& variable, PackedValue& out, std::string& problem);
  [[nodiscard]] const Variable* find_variable(std::string_view name, std::string& error) const;
  [[nodiscard]] std::shared_ptr<const Callable> find_callable(std::string_view function,
                                                              TaskError& error);

  NamedObjects& names_;
  EngineApi& engine_;
  std::recursive_mutex mutex_;
  std::unique_ptr<State> state_;
};

}  // namespace roundhouse::engine::interpreter
