#include <string>
#include <utility>

#include <roundhouse/depend.hpp>
#include <roundhouse/error.hpp>
#include <roundhouse/lambda_task.hpp>

namespace roundhouse::detail {
namespace {

void require_name(std::string_view name, const char* what) {
  if (name.empty())
    throw Exception(Errc::invalid, std::string("a ") + what + " without a name is required");
  if (is_lambda(name))
    throw Exception(Errc::invalid, std::string("a ") + what +
                                       " must be a task that engines have; a lambda is none");
}

}  // namespace

Predicate make_predicate(std::string_view name, std::string_view signature, Encoded arguments) {
  require_name(name, "predicate");
  if (!arguments.frames.empty())
    throw Exception(Errc::too_large,
                    "the arguments of the predicate '" + std::string(name) +
                        "' hold an array or text of 16 KiB or more: they go with every kind of "
                        "call, so pass less, or rh::ref to what the engine has");
  return {std::string(name), std::string(signature), std::move(arguments.body)};
}

void add_requirement(Requirements& to, std::string_view module) {
  require_name(module, "module");
  to.modules.emplace_back(module);
}

void add_requirement(Requirements& to, const NamedTask& task) {
  require_name(task.name, "function");
  to.functions.push_back(task.name);
  to.functions.push_back(task.signature);
}

}  // namespace roundhouse::detail
