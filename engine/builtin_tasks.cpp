#include "engine/builtin_tasks.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/task_host.hpp"
#include <roundhouse/arguments.hpp>
#include <roundhouse/command_result.hpp>
#include <roundhouse/declared_names.hpp>
#include <roundhouse/execute_result.hpp>
#include <roundhouse/failure.hpp>
#include <roundhouse/named_values.hpp>
#include <roundhouse/this_engine.hpp>

namespace roundhouse::engine {

namespace {

EngineApi& engine_of(const Invocation& call) {
  if (call.engine == nullptr) throw NotOnEngine("this task needs an engine");
  return *call.engine;
}

// An engine of this program is a TaskHost.
TaskHost& host_of(const Invocation& call) {
  return static_cast<TaskHost&>(engine_of(call));
}

void require_no_arguments(const Invocation& call) {
  detail::Decoder in(call.body, call.frames);
  in.begin_arguments(0);
  in.finish();
}

// One boundary for all: what `run` throws becomes an error reply.
template <class Run>
void guarded(Reply& reply, Run&& run) noexcept {
  reply.clear();
  try {
    run();
  } catch (...) {
    detail::fail_with_current_exception(reply);
  }
}

void push(const Invocation& call, Reply& reply) noexcept {
  guarded(reply, [&] {
    EngineApi& engine = engine_of(call);
    for (NamedValue& value : decode_named_values(call.body, call.frames))
      engine.push(value.name, std::move(value.packed));
    encode_no_result(reply.result);
  });
}

void pull(const Invocation& call, Reply& reply) noexcept {
  guarded(reply, [&] {
    EngineApi& engine = engine_of(call);
    std::vector<NamedValue> values;
    for (std::string& name : decode_names(call.body)) {
      NamedValue& value = values.emplace_back();
      std::string error;
      switch (engine.pull(name, value.packed, error)) {
        case Lookup::no_such_name: throw NameError(error);
        case Lookup::wrong_type: throw SerializationError(error);
        case Lookup::found: break;
      }
      value.name = std::move(name);
    }
    reply.result = encode_named_values(values);
  });
}

void names(const Invocation& call, Reply& reply) noexcept {
  guarded(reply, [&] {
    require_no_arguments(call);
    reply.result = encode_names(engine_of(call).names());
  });
}

void declared(const Invocation& call, Reply& reply) noexcept {
  guarded(reply, [&] {
    require_no_arguments(call);
    std::vector<DeclaredName> names;
    for (KnownName& each : host_of(call).declared())
      names.push_back({std::move(each.name), std::move(each.what)});
    encode_result(reply.result, names);
  });
}

void clear(const Invocation& call, Reply& reply) noexcept {
  guarded(reply, [&] {
    require_no_arguments(call);
    engine_of(call).clear();
    encode_no_result(reply.result);
  });
}

void noop(const Invocation& call, Reply& reply) noexcept {
  guarded(reply, [&] {
    require_no_arguments(call);
    encode_no_result(reply.result);
  });
}

// Ends early when it is asked to stop.
void sleep(const Invocation& call, Reply& reply) noexcept {
  using Seconds = std::chrono::duration<double>;
  constexpr Seconds kStep = std::chrono::milliseconds{10};
  constexpr Seconds kMax = std::chrono::years{1};
  guarded(reply, [&] {
    detail::Decoder in(call.body, call.frames);
    in.begin_arguments(1);
    Seconds left{detail::Codec<double>::decode(in)};
    if (!(left >= Seconds::zero() && left <= kMax))
      in.fail("seconds", std::to_string(left.count()));
    in.finish();
    for (; left > Seconds::zero(); left -= kStep) {
      if (call.stop != nullptr && call.stop->load()) break;
      std::this_thread::sleep_for(std::min(left, kStep));
    }
    encode_no_result(reply.result);
  });
}

void command(const Invocation& call, Reply& reply) noexcept {
  guarded(reply, [&] { host_of(call).commands().run(call, reply); });
}

void execute(const Invocation& call, Reply& reply) noexcept {
  guarded(reply, [&] { host_of(call).source().execute(call, reply); });
}

constexpr TaskInfo builtin(std::string_view name, InvokeFunction invoke) {
  TaskInfo task;
  task.name = name;
  task.invoke = invoke;
  return task;
}

constexpr std::array kTasks{builtin(kNoopTask, &noop),        builtin(kSleepTask, &sleep),
                            builtin(kPushTask, &push),        builtin(kPullTask, &pull),
                            builtin(kNamesTask, &names),      builtin(kClearTask, &clear),
                            builtin(kCommandTask, &command),  builtin(kExecuteTask, &execute),
                            builtin(kDeclaredTask, &declared)};

}  // namespace

std::span<const TaskInfo> builtin_tasks() {
  return kTasks;
}

const TaskInfo* find_builtin_task(std::string_view name) {
  for (const TaskInfo& task : kTasks) {
    if (task.name == name) return &task;
  }
  return nullptr;
}

}  // namespace roundhouse::engine
