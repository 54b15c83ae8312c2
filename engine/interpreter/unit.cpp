#include "engine/interpreter/unit.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <stdexcept>
#include <utility>

#include <llvm/Demangle/Demangle.h>
#include <llvm/IR/Module.h>

#include "engine/interpreter/diagnostics.hpp"
#include "engine/interpreter/preamble.hpp"

namespace roundhouse::engine::interpreter {

namespace {

// How long an input may take to be compiled.
constexpr std::chrono::seconds kCompileMax{60};

// An input may repeat a name only after another one is out of the way.
constexpr int kRoundsMax = 16;

// What has been hidden and is in the way all the same cannot be declared anew.
Older without(Older all, const Older& these) {
  std::erase_if(all, [&](auto* one) { return std::ranges::find(these, one) != these.end(); });
  return all;
}

TaskError compile_error(std::string value, std::string all = {}) {
  return {"CompileError", std::move(value), std::move(all)};
}

// What code gets that finds no memory itself.
TaskError no_memory() {
  return {"std::bad_alloc",
          "this engine has no memory left to compile anything with: clear it, or, where memory was "
          "lost, restart it",
          {}};
}

TaskError silence_of(const Trial& trial) {
  switch (trial.silence()) {
    case Trial::Silence::no_memory: return no_memory();
    case Trial::Silence::late:
      return compile_error("the compiler was not done with this after " +
                           std::to_string(kCompileMax.count()) + " seconds");
    case Trial::Silence::died: break;
  }
  return compile_error("the compiler itself crashed on this");
}

// A task may have been registered inside its namespace, without that.
bool is_registered_as(const std::string& function, std::string_view task) {
  if (task.starts_with("::")) task.remove_prefix(2);
  const std::string_view name(function);
  return name == task || (name.size() > task.size() + 2 && name.ends_with(task) &&
                          name.substr(0, name.size() - task.size()).ends_with("::"));
}

}  // namespace

Unit::Unit(Optimization how)
    : jit_(std::make_shared<Jit>(how)),
      life_(jit_.get(), [jit = jit_](void*) { jit->finish(); }),
      compiler_(std::make_unique<Compiler>(how, jit_->context())) {}

std::optional<Unit::Compiled> Unit::compile(const Source& source, TaskError& error) {
  Compiled out;
  try {
    const std::optional<Older> hidden = try_out(source, out.warnings, error);
    if (!hidden) return std::nullopt;
    if (!compiler_->parse(source, *hidden))
      throw std::runtime_error(compiler_->diagnostics().first_error());
    auto module = compiler_->take_module();
    std::vector<std::string> missing;
    for (const auto& [symbol, address] : resolve(*module, missing)) jit_->define(symbol, address);
    out.steps = jit_->add(std::move(module));
    return out;
  } catch (const std::bad_alloc&) {
    error = no_memory();
    return std::nullopt;
  } catch (const std::exception& problem) {
    error = compile_error(problem.what());
    return std::nullopt;
  }
}

std::optional<Unit::Compiled> Unit::compile_aside(const Source& source, TaskError& error) {
  return compile({compiler_->without_macros(source.text), source.file}, error);
}

void* Unit::function(const std::string& text, const std::string& symbol, std::string& problem) {
  TaskError error;
  const auto compiled = compile_aside({text, "names of this engine"}, error);
  if (!compiled) {
    problem = error.value;
    return nullptr;
  }
  for (const Jit::Step step : compiled->steps) step();
  void* const out = jit_->find(symbol);
  if (out == nullptr) problem = "its code is not there";
  return out;
}

void Unit::add(const std::string& text) {
  if (!compiler_->parse({compiler_->without_macros(text), "roundhouse"}, {}))
    throw std::runtime_error(compiler_->diagnostics().first_error());
  run_module();
}

void Unit::begin() {
  if (compiler_->has_preamble())
    run_module();
  else
    add(kPreamble);
}

void Unit::run_module() {
  for (const Jit::Step step : jit_->add(compiler_->take_module())) step();
}

std::optional<Older> Unit::try_out(const Source& source, std::string& warnings, TaskError& error) {
  Older hidden;
  for (int round = 0; round < kRoundsMax; ++round) {
    Trial trial([&](const Trial::AnswerNow& answer_now) {
      return judge(source, hidden, answer_now).to_bytes();
    });
    const std::optional<std::string> answer = trial.answer(kCompileMax);
    if (!answer) {
      error = silence_of(trial);
      return std::nullopt;
    }
    Verdict verdict = Verdict::from_bytes(*answer);
    if (verdict.kind == Verdict::Kind::fine) {
      warnings = std::move(verdict.text);
      return hidden;
    }
    if (verdict.kind == Verdict::Kind::wrong) {
      error = compile_error(std::move(verdict.error), std::move(verdict.text));
      return std::nullopt;
    }
    hidden.insert(hidden.end(), verdict.repeated.begin(), verdict.repeated.end());
  }
  error = compile_error("this declares too many names anew that depend on each other");
  return std::nullopt;
}

Verdict Unit::judge(const Source& source, const Older& hidden, const Trial::AnswerNow& answer_now) {
  Verdict out;
  const auto on_unfinished = [&](const std::string& where) {
    out.kind = Verdict::Kind::wrong;
    out.error = where + ": what is opened here is not closed";
    out.text = compiler_->diagnostics().text();
    answer_now(out.to_bytes());
  };
  const bool parsed = compiler_->parse(source, hidden, on_unfinished);
  out.repeated = without(compiler_->conflicts(), hidden);
  if (!out.repeated.empty()) {
    out.kind = Verdict::Kind::repeats;
  } else if (!parsed) {
    out.kind = Verdict::Kind::wrong;
    out.error = compiler_->diagnostics().first_error();
  } else {
    std::vector<std::string> missing;
    const auto module = compiler_->take_module();
    (void)resolve(*module, missing);
    const std::string doubled = jit_->doubled(*module);
    if (!missing.empty()) {
      out.kind = Verdict::Kind::wrong;
      out.error =
          llvm::demangle(missing.front()) +
          " is declared and used, and nowhere defined (code has what is in a shared library after "
          "dlopen(\"libNAME.so\", RTLD_NOW | RTLD_GLOBAL), of <dlfcn.h>)";
    } else if (!doubled.empty()) {
      out.kind = Verdict::Kind::wrong;
      out.error = llvm::demangle(doubled) +
                  " is defined by earlier code already, and cannot be defined anew: give it "
                  "another name, or clear the engine";
    }
  }
  out.text = compiler_->diagnostics().text();
  return out;
}

Unit::Symbols Unit::resolve(const llvm::Module& module, std::vector<std::string>& missing) const {
  Symbols out;
  for (std::string& symbol : jit_->missing(module)) {
    const std::optional<Undefined> wanted =
        offered_.empty() ? std::nullopt : compiler_->undefined(symbol);
    const auto found = std::ranges::find_if(offered_, [&](const TaskInfo* task) {
      return wanted && task->exact == wanted->type && is_registered_as(wanted->name, task->name);
    });
    if (found == offered_.end()) {
      missing.push_back(std::move(symbol));
    } else {
      out.emplace_back(std::move(symbol), reinterpret_cast<void*>((*found)->address));
    }
  }
  return out;
}

}  // namespace roundhouse::engine::interpreter
