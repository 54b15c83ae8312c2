// What RH_LAMBDA has that is no template.
#include <algorithm>

#include "shared/lambda_source.hpp"
#include <roundhouse/lambda.hpp>

namespace roundhouse::detail {

void describe_lambda(const LambdaText& text, const LambdaTypes& types, LambdaTask& out) {
  std::string_view file = text.file;
  if (const auto slash = file.rfind('/'); slash != std::string_view::npos)
    file.remove_prefix(slash + 1);
  out.label = std::string(kLambdaPrefix).append(file) + ":" + std::to_string(text.line);
  out.name = out.label;
  wire::LambdaSource source;
  source.lambda = {std::string(text.text), text.file, static_cast<std::uint32_t>(text.line),
                   types.closure};
  source.type = types.function;
  source.parameters = types.parameters;
  source.result = types.result;
  for (const SourceNode* node = text.sources; node != nullptr; node = node->before)
    source.context.push_back(
        {std::string(node->text), node->file, static_cast<std::uint32_t>(node->line), node->place});
  std::ranges::reverse(source.context);
  out.source = wire::encode(source);
}

void register_lambda(LambdaTask& task, std::atomic<const TaskInfo*>& list) {
  task.next = list.load(std::memory_order_relaxed);
  while (!list.compare_exchange_weak(task.next, &task, std::memory_order_release)) {
  }
}

}  // namespace roundhouse::detail
