#include "engine/interpreter/callable.hpp"

#include <atomic>
#include <new>
#include <utility>

#include <roundhouse/arguments.hpp>
#include <roundhouse/failure.hpp>
#include <roundhouse/this_engine.hpp>

namespace roundhouse::engine::interpreter {

namespace {

// Memory for a result of a usual type.
class Result {
 public:
  explicit Result(const UsualType* type)
      : type_(type), memory_(type == nullptr ? nullptr : ::operator new(type->object->size)) {}

  Result(const Result&) = delete;
  Result& operator=(const Result&) = delete;

  ~Result() {
    if (is_made_) {
      type_->object->destroy(memory_);
    } else {
      ::operator delete(memory_);
    }
  }

  [[nodiscard]] void* memory() { return memory_; }

  void encode(Encoded& out) {
    if (type_ == nullptr) {
      encode_no_result(out);
      return;
    }
    is_made_ = true;
    std::string problem;
    if (!type_->object->encode(memory_, out, problem)) throw SerializationError(problem);
  }

 private:
  const UsualType* type_;
  void* memory_;
  bool is_made_ = false;
};

}  // namespace

std::shared_ptr<const Callable> Callable::make(Unit& unit, const Function& function,
                                               const std::string& spelled, TaskError& error) {
  static std::atomic<unsigned> made{0};
  const std::string symbol = "rh_call_" + std::to_string(++made);
  auto out = std::make_shared<Callable>();
  out->code_ = unit.jit();
  out->identity_ = function.identity;
  bool is_usual = true;
  for (const std::string& parameter : function.parameters) {
    out->parameters_.push_back(find_usual_type(parameter));
    is_usual = is_usual && out->parameters_.back() != nullptr;
  }
  out->result_ = find_usual_type(function.result);
  is_usual = is_usual && (out->result_ != nullptr || function.result == "v");

  const std::string text =
      is_usual ? "extern \"C\" void " + symbol + "(void** a, void* r) {\n" +
                     "  ::roundhouse::interpreted::call(&" + spelled + ", a, r);\n}"
               : "#include <roundhouse/task.hpp>\nextern \"C\" void " + symbol +
                     "(const ::roundhouse::Invocation& c, ::roundhouse::Reply& r) noexcept {\n" +
                     "  ::roundhouse::detail::Entry<&" + spelled + ">::invoke(c, r);\n}";
  const auto compiled = unit.compile({text, "call of " + spelled}, error);
  if (!compiled) return nullptr;
  for (const Jit::Step step : compiled->steps) step();
  void* const address = unit.jit()->find(symbol);
  if (address == nullptr) {
    error = {"CompileError", "the code that calls " + spelled + " is not there", {}};
    return nullptr;
  }
  if (is_usual) {
    out->thunk_ = reinterpret_cast<Thunk>(address);
  } else {
    out->invoke_ = reinterpret_cast<InvokeFunction>(address);
  }
  return out;
}

void Callable::invoke(const Invocation& call, Reply& reply) const {
  if (invoke_ != nullptr) {
    invoke_(call, reply);
    return;
  }
  reply.clear();
  try {
    invoke_usual(call, reply);
  } catch (...) {
    detail::fail_with_current_exception(reply);
  }
}

void Callable::invoke_usual(const Invocation& call, Reply& reply) const {
  const detail::CallScope scope(call);
  detail::Decoder in(call.body, call.frames);
  in.begin_arguments(parameters_.size());
  std::vector<std::unique_ptr<Argument>> arguments;
  std::vector<void*> objects;
  for (const UsualType* type : parameters_) {
    arguments.push_back(type->argument());
    arguments.back()->read(in, arguments.size(), parameters_.size());
  }
  in.finish();
  for (const auto& argument : arguments) objects.push_back(argument->object());
  Result result(result_);
  thunk_(objects.data(), result.memory());
  result.encode(reply.result);
}

}  // namespace roundhouse::engine::interpreter
