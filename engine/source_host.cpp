#include "engine/source_host.hpp"

#include <exception>
#include <utility>

#include "engine/task_output.hpp"
#include "shared/task_thread.hpp"
#include <roundhouse/arguments.hpp>
#include <roundhouse/execute_result.hpp>
#include <roundhouse/failure.hpp>

namespace roundhouse::engine {

namespace {

// What code had printed when it threw, and was warned of, is told with the error.
std::string with_output(std::string traceback, const TaskOutput::Text& printed,
                        const std::string& warnings) {
  const auto add = [&](const char* title, const std::string& text) {
    if (text.empty()) return;
    if (!traceback.empty() && traceback.back() != '\n') traceback += '\n';
    traceback.append(title).append(detail::shortened(text));
  };
  add("it had printed:\n", printed.out);
  add("and on standard error:\n", printed.err);
  add("the compiler had warned:\n", warnings);
  return traceback;
}

}  // namespace

SourceHost::SourceHost(NamedObjects& names, EngineApi& engine, std::string library)
    : names_(names), engine_(engine), library_(std::move(library)) {}

std::shared_ptr<Interpreter> SourceHost::interpreter() const {
  const std::lock_guard lock(mutex_);
  return interpreter_;
}

std::shared_ptr<Interpreter> SourceHost::need(std::string& error) {
  if (auto known = interpreter()) return known;
  std::shared_ptr<Interpreter> made = library_.make(names_, engine_, error);
  const std::lock_guard lock(mutex_);
  interpreter_ = made;
  return made;
}

void SourceHost::execute(const Invocation& call, Reply& reply) noexcept {
  reply.clear();
  try {
    execute_one(call, reply);
  } catch (...) {
    detail::fail_with_current_exception(reply);
  }
}

void SourceHost::execute_one(const Invocation& call, Reply& reply) {
  detail::Decoder in(call.body, call.frames);
  in.begin_arguments(3);
  const std::string code = detail::Codec<std::string>::decode(in);
  const std::string file = detail::Codec<std::string>::decode(in);
  const bool is_program = detail::Codec<bool>::decode(in);
  in.finish();
  std::string error;
  if (refused_)
    return detail::fail(reply, {std::string(kNoInterpreter), std::string(kSourceRefused), {}});
  std::unique_lock lock(inputs_);
  const std::shared_ptr<Interpreter> interpreter = need(error);
  if (interpreter == nullptr)
    return detail::fail(reply, {std::string(kNoInterpreter), std::move(error), {}});
  if (output_ != nullptr) output_->keep_whole();
  Executed executed;
  {
    const TaskThread::Held held(
        [&] {
          interpreter->let_go();
          lock.unlock();
        },
        [&] {
          lock.lock();
          interpreter->take_again();
        });
    executed = interpreter->execute(
        {code, file, tasks_ ? tasks_() : std::vector<const TaskInfo*>{}, is_program}, call);
  }
  TaskOutput::Text printed;
  if (output_ != nullptr) printed = output_->take_whole();
  if (!executed.ok) {
    executed.error.traceback =
        with_output(std::move(executed.error.traceback), printed, executed.warnings);
    return detail::fail(reply, std::move(executed.error));
  }
  encode_result(reply.result, ExecuteResult{std::move(executed.value), std::move(executed.type),
                                            std::move(printed.out), std::move(printed.err),
                                            std::move(executed.warnings)});
}

bool SourceHost::call(CallKind kind, std::string_view function, const Invocation& call,
                      Reply& reply) noexcept {
  try {
    const std::shared_ptr<Interpreter> interpreter = this->interpreter();
    if (interpreter == nullptr || !interpreter->has_function(function)) return false;
    interpreter->call(kind, function, call, reply);
  } catch (...) {
    detail::fail_with_current_exception(reply);
  }
  return true;
}

void SourceHost::clear() noexcept {
  std::shared_ptr<Interpreter> old;  // destroyed after the lock is gone
  const std::lock_guard lock(mutex_);
  old.swap(interpreter_);
}

}  // namespace roundhouse::engine
