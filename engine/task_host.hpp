#pragma once

// SHELL. TaskHost: what the tasks of one engine see of it, as this_engine offers it to them. Names
// are those of its namespace and those of variables that C++ source has declared: each is one or
// the other.
//
// Outlives every ModuleSet that it is given to. Thread rule: any thread.

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/commands.hpp"
#include "engine/lambda_host.hpp"
#include "engine/namespace.hpp"
#include "engine/source_host.hpp"
#include "engine/task_output.hpp"
#include <roundhouse/ids.hpp>
#include <roundhouse/module_abi.hpp>

namespace roundhouse::engine {

class TaskHost final : public EngineApi {
 public:
  // Called on the task's own thread; must not throw.
  using ProgressFunction = std::function<void(double fraction, std::string_view text)>;

  // `interpreter` is for tests: see InterpreterLibrary.
  explicit TaskHost(std::uint32_t slots, ProgressFunction progress = nullptr,
                    const std::string& interpreter = {})
      : slots_(slots),
        progress_(std::move(progress)),
        source_(namespace_, *this, interpreter),
        lambdas_(*this, interpreter) {}

  TaskHost(const TaskHost&) = delete;
  TaskHost& operator=(const TaskHost&) = delete;
  ~TaskHost() = default;

  // The id that the hub gave; 0 before that.
  void set_engine_id(EngineId id) { engine_id_.store(id.value, std::memory_order_relaxed); }

  // Before any task runs.
  void set_client_file(std::string path) { client_file_ = std::move(path); }

  [[nodiscard]] Namespace& data() { return namespace_; }

  [[nodiscard]] SourceHost& source() { return source_; }

  [[nodiscard]] LambdaHost& lambdas() { return lambdas_; }

  [[nodiscard]] Commands& commands() { return commands_; }

  // What tasks write is caught there, which outlives this; null, at first: nowhere. Before tasks.
  void set_output(TaskOutput* output);

  [[nodiscard]] TaskOutput* output() const { return output_; }

  [[nodiscard]] std::uint32_t engine_id() const noexcept override;

  [[nodiscard]] std::uint32_t slots() const noexcept override { return slots_; }

  void report_progress(double fraction, std::string_view text) noexcept override;
  [[nodiscard]] Lookup get(std::string_view name, const ObjectType& type, bool writes, Pin& pin,
                           std::string& error) noexcept override;
  void set(std::string_view name, const ObjectType& type, void* object) noexcept override;
  [[nodiscard]] Lookup pull(std::string_view name, PackedValue& out,
                            std::string& error) noexcept override;
  void push(std::string_view name, PackedValue value) noexcept override;
  [[nodiscard]] bool has(std::string_view name) const noexcept override;
  [[nodiscard]] std::vector<std::string> names() const override;
  void clear() noexcept override;
  // All that has a name, for people: sorted.
  [[nodiscard]] std::vector<KnownName> declared() const;

  [[nodiscard]] std::string client_file() const override { return client_file_; }

 private:
  [[nodiscard]] Lookup or_names(Lookup found, std::string_view name, std::string& error) const;

  const std::uint32_t slots_;
  const ProgressFunction progress_;
  std::atomic<std::uint32_t> engine_id_{0};
  Namespace namespace_;
  SourceHost source_;
  LambdaHost lambdas_;
  Commands commands_;
  TaskOutput* output_ = nullptr;
  std::string client_file_;
};

}  // namespace roundhouse::engine
