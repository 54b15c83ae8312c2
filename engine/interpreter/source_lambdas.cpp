#include "engine/interpreter/source_lambdas.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <string_view>
#include <utility>

#include "engine/interpreter/lambda_function.hpp"
#include "engine/interpreter/lambda_text.hpp"
#include <roundhouse/failure.hpp>

namespace roundhouse::engine::interpreter {

namespace {

// Programs whose lambdas are compiled quickly; each takes 20 MB and more.
constexpr std::size_t kWorldsMax = 4;

// A compiler never forgets: after so many another one begins.
constexpr std::size_t kLambdasMax = 2000;

// Nobody takes values of expressions here.
void take_nothing(const void*, const char*, const std::string*) {}

}  // namespace

SourceLambdas::World::World() {
  unit.jit()->define("rh_take", reinterpret_cast<void*>(&take_nothing));
  unit.begin();
}

SourceLambdas::SourceLambdas(EngineApi& engine) : engine_(engine) {
  worlds_.push_front(std::make_unique<World>());
}

SourceLambdas::~SourceLambdas() = default;

std::shared_ptr<const LambdaCode> SourceLambdas::compile(
    const wire::LambdaSource& source, const std::vector<const TaskInfo*>& functions,
    TaskError& error) {
  const std::lock_guard lock(mutex_);
  try {
    World* const world = find_world(source.context, functions, error);
    if (world == nullptr) return nullptr;
    world->unit.offer(functions);
    auto headers = world->headers;
    const std::string includes = includes_for({source.lambda.text}, headers);
    auto code = LambdaFunction::compile(world->unit, source, includes, error);
    if (code == nullptr) return nullptr;
    world->headers = std::move(headers);
    world->scope.find(world->unit, engine_);
    auto out = std::make_shared<const LambdaFunction>(
        std::move(code), world->scope,
        source.lambda.file + ":" + std::to_string(source.lambda.line));
    if (++world->lambdas == kLambdasMax) worlds_.pop_front();
    return out;
  } catch (...) {  // what a variable of the context threw when it was made
    Reply reply;
    detail::fail_with_current_exception(reply);
    error = std::move(reply.error);
    return nullptr;
  }
}

SourceLambdas::World* SourceLambdas::find_world(const std::vector<wire::SourceText>& context,
                                                const std::vector<const TaskInfo*>& functions,
                                                TaskError& error) {
  auto found = std::ranges::find_if(
      worlds_, [&](const auto& world) { return world->context == context && world->is_begun; });
  if (found == worlds_.end())
    found = std::ranges::find_if(worlds_, [](const auto& world) { return !world->is_begun; });
  if (found == worlds_.end()) {
    if (worlds_.size() == kWorldsMax) worlds_.pop_back();
    found = worlds_.insert(worlds_.begin(), std::make_unique<World>());
  }
  worlds_.splice(worlds_.begin(), worlds_, found);
  World& world = *worlds_.front();
  if (world.is_begun) return &world;
  std::vector<std::string_view> texts;
  for (const wire::SourceText& text : context) texts.push_back(text.text);
  auto headers = world.headers;
  const std::string includes = includes_for(texts, headers);
  world.unit.offer(functions);
  const auto compiled = world.unit.compile({includes + context_text(context), "source"}, error);
  if (!compiled) {
    error.value += advice_on(error.value);
    return nullptr;
  }
  world.headers = std::move(headers);
  world.context = context;
  world.is_begun = true;
  world.scope.find(world.unit, engine_);
  for (const Jit::Step step : compiled->steps) step();
  return &world;
}

}  // namespace roundhouse::engine::interpreter
