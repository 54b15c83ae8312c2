#include "engine/interpreter/source_interpreter.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include <llvm/IR/Module.h>

#include "engine/interpreter/diagnostics.hpp"
#include "engine/interpreter/preamble.hpp"
#include "engine/interpreter/usual_types.hpp"
#include <roundhouse/failure.hpp>
#include <roundhouse/type_name.hpp>

namespace roundhouse::engine::interpreter {

namespace {

// How long an input may take to be compiled.
constexpr std::chrono::seconds kCompileMax{60};

// An input may repeat a name only after another one is out of the way.
constexpr int kRoundsMax = 16;

// The value that the input being run has taken, on this thread.
struct Taken {
  std::string text;
  std::string type;
};

thread_local Taken* taken = nullptr;

// rh_take, see interpreted.hpp
void take(const void* object, const char* type, const std::string* text) {
  if (taken == nullptr) return;
  taken->type = readable_type(type);
  const UsualType* usual = find_usual_type(type);
  if (text != nullptr) {
    taken->text = *text == "<>" ? "<" + taken->type + ">" : *text;
  } else if (usual != nullptr) {
    taken->text = usual->show(object);
  }
}

// What has been hidden and is in the way all the same cannot be declared anew.
Older without(Older all, const Older& these) {
  std::erase_if(all, [&](auto* one) { return std::ranges::find(these, one) != these.end(); });
  return all;
}

TaskError compile_error(std::string value, std::string all = {}) {
  return {"CompileError", std::move(value), std::move(all)};
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
  }
  taken = outer;
}

}  // namespace

SourceInterpreter::SourceInterpreter() {
  start();
}

SourceInterpreter::~SourceInterpreter() = default;

void SourceInterpreter::start() {
  compiler_.reset();
  jit_.reset();
  jit_ = std::make_unique<Jit>(Optimization::none);
  jit_->define("rh_take", reinterpret_cast<void*>(&take));
  compiler_ = std::make_unique<Compiler>(
      std::vector<std::string>{"-std=c++20", "-fPIC", "-O0", "-resource-dir", kResourceFolder,
                               "-Wall", "-Wno-unused", "-Wno-unused-value"},
      jit_->context());
  for (const Jit::Step step : compile({kPreamble, "preamble"}, {})) step();
  compiler_->take_values();
  inputs_ = 0;
}

Executed SourceInterpreter::execute(const SourceInput& input) {
  const std::lock_guard lock(mutex_);
  Source source{std::string(input.code), std::string(input.file)};
  ++inputs_;
  if (source.file.empty()) source.file = "input " + std::to_string(inputs_);
  Executed out;
  try {
    const std::optional<Older> hidden = try_out(source, out);
    if (hidden) run(compile(source, *hidden), out);
  } catch (const std::exception& error) {
    out.ok = false;
    out.error = compile_error(error.what());
  }
  return out;
}

void SourceInterpreter::clear() {
  const std::lock_guard lock(mutex_);
  start();
}

std::optional<Older> SourceInterpreter::try_out(const Source& source, Executed& out) {
  Older hidden;
  out.ok = false;
  for (int round = 0; round < kRoundsMax; ++round) {
    Trial trial([&](const Trial::AnswerNow& answer_now) {
      return judge(source, hidden, answer_now).to_bytes();
    });
    const std::optional<std::string> answer = trial.answer(kCompileMax);
    if (!answer) {
      out.error =
          compile_error(trial.was_late() ? "the compiler was not done with this after " +
                                               std::to_string(kCompileMax.count()) + " seconds"
                                         : "the compiler itself crashed on this");
      return std::nullopt;
    }
    Verdict verdict = Verdict::from_bytes(*answer);
    if (verdict.kind == Verdict::Kind::repeats) {
      hidden.insert(hidden.end(), verdict.repeated.begin(), verdict.repeated.end());
    } else if (verdict.kind == Verdict::Kind::wrong) {
      out.error = compile_error(std::move(verdict.error), std::move(verdict.text));
      return std::nullopt;
    } else {
      out.warnings = std::move(verdict.text);
      out.ok = true;
      return hidden;
    }
  }
  out.error = compile_error("this declares too many names anew that depend on each other");
  return std::nullopt;
}

Verdict SourceInterpreter::judge(const Source& source, const Older& hidden,
                                 const Trial::AnswerNow& answer_now) {
  Verdict out;
  const auto on_unfinished = [&](const std::string& where) {
    out.kind = Verdict::Kind::wrong;
    out.error = where + ": what is opened here is not closed";
    out.text = compiler_->diagnostics().text();
    answer_now(out.to_bytes());
  };
  if (!compiler_->parse(source, hidden, on_unfinished)) {
    out.repeated = without(compiler_->conflicts(), hidden);
    out.kind = out.repeated.empty() ? Verdict::Kind::wrong : Verdict::Kind::repeats;
    out.error = compiler_->diagnostics().first_error();
  } else if (const auto missing = jit_->missing(*compiler_->take_module()); !missing.empty()) {
    out.kind = Verdict::Kind::wrong;
    out.error = missing.front() + " is declared and used, and nowhere defined";
  }
  out.text = compiler_->diagnostics().text();
  return out;
}

std::vector<Jit::Step> SourceInterpreter::compile(const Source& source, const Older& hidden) {
  if (!compiler_->parse(source, hidden))
    throw std::runtime_error(compiler_->diagnostics().first_error());
  return jit_->add(compiler_->take_module());
}

}  // namespace roundhouse::engine::interpreter
