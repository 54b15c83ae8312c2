#include "engine/interpreter/callable.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

#include "engine/interpreter/usual_result.hpp"
#include <roundhouse/arguments.hpp>
#include <roundhouse/failure.hpp>
#include <roundhouse/parameter.hpp>
#include <roundhouse/this_engine.hpp>

namespace roundhouse::engine::interpreter {

namespace {

using Arguments = std::vector<std::unique_ptr<Argument>>;

}  // namespace

bool Callable::is_usual(const Function& function) {
  return std::ranges::all_of(function.parameters,
                             [](const auto& type) { return find_usual_type(type) != nullptr; }) &&
         (function.result == "v" || find_usual_type(function.result) != nullptr);
}

std::shared_ptr<const Callable> Callable::make(Unit& unit, const Function& function,
                                               const Spelled& spelled, TaskError& error) {
  static std::atomic<unsigned> made{0};
  const std::string symbol = "rh_call_" + std::to_string(++made);
  auto out = std::make_shared<Callable>();
  out->code_ = unit.jit();
  out->life_ = unit.life();
  out->identity_ = function.identity;
  for (const std::string& parameter : function.parameters)
    out->parameters_.push_back(find_usual_type(parameter));
  out->result_ = find_usual_type(function.result);
  const bool usual = is_usual(function);
  const std::string text =
      usual ? spelled("extern \"C\" void " + symbol +
                          "(::roundhouse::interpreted::Work& rh_work) {\n"
                          "  ::roundhouse::interpreted::work_on(",
                      ", rh_work);\n}")
            : spelled("extern \"C\" const char* " + symbol +
                          "(::roundhouse::InvokeFunction* rh_entries) {\n"
                          "  constexpr auto rh_function = +",
                      ";\n  using Entry = ::roundhouse::detail::Entry<rh_function>;\n"
                      "  rh_entries[0] = &Entry::invoke;\n"
                      "  rh_entries[1] = &Entry::invoke_map;\n"
                      "  rh_entries[2] = Entry::reducer();\n"
                      "  return ::roundhouse::interpreted::type_of(rh_function);\n}");
  const auto compiled =
      unit.compile_aside({(usual ? "" : "#include <roundhouse/task.hpp>\n") + text, "call"}, error);
  if (!compiled) return nullptr;
  for (const Jit::Step step : compiled->steps) step();
  void* const address = unit.jit()->find(symbol);
  if (address == nullptr) {
    error = {"CompileError", "the code that calls the function is not there", {}};
    return nullptr;
  }
  if (usual) {
    out->work_ = reinterpret_cast<void (*)(Work&)>(address);
    Work work;
    out->work_(work);
    out->type_ = work.type;
  } else {
    std::array<InvokeFunction, 3> entries{};
    out->type_ = reinterpret_cast<const char* (*)(InvokeFunction*)>(address)(entries.data());
    out->entries_ = {entries[0], entries[1], entries[2]};
  }
  return out;
}

void Callable::invoke(CallKind kind, const Invocation& call, Reply& reply) const noexcept {
  reply.clear();
  if (work_ == nullptr) return entries_.run(kind, call, reply);
  Work work;
  try {
    const detail::CallScope scope(call);
    switch (kind) {
      case CallKind::call: return do_call(call, work, reply);
      case CallKind::map: return do_map(call, work, reply);
      case CallKind::reduce: return do_reduce(call, work, reply);
    }
  } catch (...) {
    detail::fail_with_current_exception(reply);
    const std::string at = std::to_string(work.index);
    std::string& trace = reply.error.traceback;
    if (kind == CallKind::map) trace.insert(0, "in call " + at + " of this part of a map\n");
    if (kind == CallKind::reduce)
      trace.insert(0, "in step " + at + " of this part of a reduction\n");
  }
}

void Callable::Entries::run(CallKind kind, const Invocation& invocation, Reply& reply) const {
  const InvokeFunction entry = kind == CallKind::call ? call : kind == CallKind::map ? map : reduce;
  if (entry != nullptr) return entry(invocation, reply);
  reply.ok = false;
  reply.error = {
      "UnknownFunction", "the function cannot reduce a list: it is not a T of (T, T)", {}};
}

void Callable::do_call(const Invocation& call, Work& work, Reply& reply) const {
  detail::Decoder in(call.body, call.frames);
  in.begin_arguments(parameters_.size());
  Arguments arguments;
  std::vector<void*> objects;
  for (const UsualType* type : parameters_) {
    arguments.push_back(type->argument());
    arguments.back()->read(in, arguments.size(), parameters_.size());
    objects.push_back(arguments.back()->object());
  }
  in.finish();
  UsualResult result(result_);
  work.kind = Work::Kind::call;
  work.arguments = objects.data();
  work.result = result.memory();
  work_(work);
  result.encode(reply.result);
}

void Callable::do_map(const Invocation& call, Work& work, Reply& reply) const {
  detail::Decoder in(call.body, call.frames);
  in.begin_arguments(parameters_.size());
  std::vector<std::unique_ptr<ArgumentList>> lists;
  for (const UsualType* type : parameters_) {
    lists.push_back(type->arguments());
    lists.back()->read(in, lists.size(), parameters_.size());
  }
  in.finish();
  if (lists.empty()) (void)detail::common_size({});
  std::vector<void*> arrays;
  work.count = lists.front()->size();
  for (const auto& list : lists) {
    (void)detail::common_size({work.count, list->size()});
    arrays.push_back(const_cast<void*>(list->array()));
  }
  const auto results = result_ == nullptr ? nullptr : result_->results(work.count);
  work.kind = Work::Kind::map;
  work.arguments = arrays.data();
  work.result = results == nullptr ? nullptr : results->array();
  work_(work);
  if (results == nullptr) {
    encode_no_result(reply.result);
  } else {
    results->encode(reply.result);
  }
}

void Callable::do_reduce(const Invocation& call, Work& work, Reply& reply) const {
  if (parameters_.size() != 2 || parameters_[0] != result_ || parameters_[1] != result_)
    throw SerializationError("the function cannot reduce a list: it is not a T of (T, T)");
  detail::Decoder in(call.body, call.frames);
  in.begin_arguments(1);
  const auto list = result_->list();
  list->read(in, 1, 1);
  in.finish();
  if (result_->size_of_list(list->object()) == 0)
    throw SerializationError("there is nothing to reduce: an empty list");
  void* object = list->object();
  UsualResult result(result_);
  work.kind = Work::Kind::reduce;
  work.arguments = &object;
  work.result = result.memory();
  work_(work);
  result.encode(reply.result);
}

}  // namespace roundhouse::engine::interpreter
