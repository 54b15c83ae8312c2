#include "engine/task_runner.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "engine/rules.hpp"
#include "shared/records.hpp"
#include <roundhouse/arguments.hpp>
#include <roundhouse/command_result.hpp>
#include <roundhouse/loaded_module.hpp>
#include <roundhouse/map_call.hpp>

namespace roundhouse::engine {
namespace {

Finish failed(const TaskError& error, wire::Ending ending = wire::Ending::error) {
  Encoded encoded;
  encoded.body = wire::encode_error({error.name, error.value, error.traceback});
  Finish finish;
  finish.ending = ending;
  auto payload = make_payload(std::move(encoded));
  if (payload) finish.payload = std::move(*payload);
  return finish;
}

std::string name_of(Errc code) {
  switch (code) {
    case Errc::unknown_function: return "UnknownFunction";
    case Errc::wrong_signature: return "WrongSignature";
    case Errc::unknown_module: return "ModuleNotLoaded";
    case Errc::too_large: return "ResultTooLarge";
    default: return std::string(to_string(code));
  }
}

Finish failed(const Error& error) {
  return failed(TaskError{name_of(error.code), error.text, ""});
}

}  // namespace

Result<Payload> make_payload(Encoded encoded) {
  // A frame that points into memory of the task would outlive it here: the outcome is kept until
  // the hub has stored it.
  if (encoded.borrowed)
    for (Buffer& frame : encoded.frames) frame = Buffer::copy(frame.view());
  Payload payload;
  Frames frames;
  if (encoded.body.size() <= wire::kInlineBytesMax) {
    payload = Payload::of(std::move(encoded.body));
  } else {
    const Buffer whole = Buffer::take(std::move(encoded.body));
    if (whole.size() <= wire::kFrameBytesMax) {
      frames.push_back(whole);
    } else {
      for (std::size_t at = 0; at < whole.size(); at += wire::kFrameBytesMax)
        frames.push_back(Buffer::copy(whole.view().substr(at, wire::kFrameBytesMax)));
    }
    payload.spill = static_cast<std::uint32_t>(frames.size());
  }
  frames.insert(frames.end(), std::make_move_iterator(encoded.frames.begin()),
                std::make_move_iterator(encoded.frames.end()));
  if (frames.size() > wire::kFramesMax)
    return Error{Errc::too_large, "the result needs " + std::to_string(frames.size()) +
                                      " frames of at most 16 MiB, " +
                                      std::to_string(wire::kFramesMax) +
                                      " is the limit: return less at a time"};
  if (!frames.empty()) payload.frames = std::make_shared<const Frames>(std::move(frames));
  return payload;
}

Result<const TaskInfo*> TaskRunner::resolve(const Template& shared) const {
  const void* known = shared.resolved.load(std::memory_order_acquire);
  if (known != nullptr) return static_cast<const TaskInfo*>(known);
  const auto [kind, name] = split_kind(shared.function);
  bool lasting = true;
  auto found = modules_.find(name, shared.signature, shared.builds, &lasting);
  if (!found) return found.error();
  if ((*found)->invoke_as(kind) == nullptr)
    return Error{Errc::unknown_function,
                 std::string(name) + (kind == CallKind::map ? " cannot be mapped over lists"
                                                            : " cannot reduce a list: it is not "
                                                              "a T of (T, T)")};
  if (lasting) shared.resolved.store(*found, std::memory_order_release);
  return *found;
}

// Answers kLoadTask: the module has been loaded, or could not be.
Finish TaskRunner::describe_module(const Template& shared) const {
  if (shared.builds.size() != 1)
    return failed(Error{Errc::invalid, "one module is asked for at a time"});
  const Result<const ModuleInfo*> module = modules_.find_build(shared.builds.front());
  if (!module) return failed(module.error());
  LoadedModule loaded{to_string(shared.builds.front()), (*module)->name, (*module)->version, {}};
  for (const TaskInfo* task = (*module)->tasks(); task != nullptr; task = task->next)
    loaded.tasks.emplace_back(task->name);
  std::ranges::sort(loaded.tasks);
  Encoded encoded;
  encode_result(encoded, std::move(loaded));
  auto payload = make_payload(std::move(encoded));
  if (!payload) return failed(payload.error());
  Finish finish;
  finish.payload = std::move(*payload);
  return finish;
}

Result<void> TaskRunner::invoke(const Template& shared, const Invocation& call) {
  const auto [kind, name] = split_kind(shared.function);
  if (!shared.source.empty()) {
    const auto functions = [this] { return modules_.functions(); };
    host_.lambdas().invoke(shared.source, kind, functions, call, reply_);
    return {};
  }
  const auto task = resolve(shared);
  if (task) return (*task)->invoke_as(kind)(call, reply_), Result<void>();
  if (host_.source().call(kind, name, call, reply_)) return {};
  return task.error();
}

Finish TaskRunner::run(const Run& run, const std::atomic<bool>* stop) {
  Finish finish = perform(run, stop);
  // Commands are ours alone, but for their rules; all else may have been user's code.
  if (run.shared->function != kCommandTask || run.shared->rules) host_.commands().others_ran();
  return finish;
}

Finish TaskRunner::perform(const Run& run, const std::atomic<bool>* stop) {
  if (run.shared->function == kLoadTask) return describe_module(*run.shared);
  if (run.shared->rules) {
    if (const auto refusal = find_refusal(*run.shared, modules_, host_, stop))
      return failed(refusal->error, refusal->ending);
  }
  const Payload& arguments = run.payload;
  Invocation call;
  call.engine = &host_;
  call.stop = stop;
  if (arguments.tail_size == 0 && arguments.spill == 0) {
    call.body = arguments.head();
  } else {
    body_ = arguments.body();
    call.body = body_;
  }
  if (arguments.frames) call.frames = std::span(*arguments.frames).subspan(arguments.spill);
  const auto invoked = invoke(*run.shared, call);
  if (body_.capacity() > wire::kInlineBytesMax) std::string().swap(body_);
  if (!invoked) return failed(invoked.error());
  if (!reply_.ok && reply_.error.name == kUnmetDependency)
    return failed(reply_.error, wire::Ending::unmet);
  if (!reply_.ok) return failed(reply_.error);
  auto payload = make_payload(std::move(reply_.result));
  reply_.clear();
  if (!payload) return failed(payload.error());
  Finish finish;
  finish.payload = std::move(*payload);
  return finish;
}

}  // namespace roundhouse::engine
