#pragma once

// SHELL. Commands: the external programs that the tasks of one engine run, roundhouse.command. What
// is asked for is looked at, run (command_process.hpp) and told as a reply; what cannot be run is a
// CommandError that says what to do. Thread rule: any thread, after set().

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "engine/command_cell.hpp"
#include "engine/command_process.hpp"
#include "engine/dispositions.hpp"
#include "shared/time.hpp"
#include <roundhouse/command_result.hpp>
#include <roundhouse/module_abi.hpp>

namespace roundhouse::engine {

class Commands {
 public:
  struct Rules {
    bool allowed = true;
    Duration grace = std::chrono::milliseconds{500};  // from SIGTERM to SIGKILL
  };

  Commands() : own_(std::make_unique<OwnCommandCells>()), cells_(own_->cells()) {}

  // `cells` are the page's, which outlives it; before, it has its own.
  void set(Rules rules, CommandCells cells);

  void set(Rules rules) { rules_ = rules; }

  // Is called before the first program is run, once.
  void before_first(std::function<void()> call) { before_first_ = std::move(call); }

  // Hears what programs write, on the thread of their task.
  void tell(CommandPlan::Heard heard) { heard_ = std::move(heard); }

  // Code of others has run in this process, and may have changed what it does on signals.
  void others_ran() noexcept { dispositions_.forget(); }

  // Invokes kCommandTask. Throws UnmetDependency when no commands are allowed, CommandError,
  // SerializationError.
  void run(const Invocation& call, Reply& reply);

 private:
  [[nodiscard]] CommandResult run(const detail::CommandRequest& request, std::string_view input,
                                  const std::atomic<bool>* stop);

  Rules rules_;
  std::unique_ptr<OwnCommandCells> own_;
  CommandCells cells_;
  CommandPlan::Heard heard_;
  std::function<void()> before_first_;
  std::once_flag first_;
  Dispositions dispositions_;
};

}  // namespace roundhouse::engine
