// LambdaTask: a lambda of this program that travels as source, as views find it. Programs write
// RH_LAMBDA: lambda.hpp.
//
// Thread rule: plain values.
#pragma once

#include <string>
#include <string_view>

#include <roundhouse/map_call.hpp>
#include <roundhouse/module_abi.hpp>
#include <roundhouse/submission.hpp>

namespace roundhouse::detail {

// No function of C++ has a name that begins so.
inline constexpr std::string_view kLambdaPrefix = "lambda ";

struct LambdaTask : TaskInfo {
  std::string label;   // its name: "lambda survey.cpp:42"
  std::string source;  // packed: what engines compile
};

[[nodiscard]] inline bool is_lambda(std::string_view name) {
  return name.starts_with(kLambdaPrefix);
}

// How the task is called, with its source if it is a lambda.
[[nodiscard]] inline Function function_of(const TaskInfo& task, CallKind kind = CallKind::call) {
  Function out{task.name, task.signature, kind};
  if (is_lambda(task.name)) out.source = static_cast<const LambdaTask&>(task).source;
  return out;
}

}  // namespace roundhouse::detail
