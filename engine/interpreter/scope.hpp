#pragma once

// SHELL. Scope: what code that knows its engine (roundhouse/this_engine.hpp) needs to be told
// before it runs: the engine, for threads that it starts, and the call, for the one that it runs
// on, so that this_engine finds the stop token, and lets go of what it got when the call is over.
// Thread rule: find() where its unit may be used; run() on any thread.

#include <functional>

#include "engine/interpreter/unit.hpp"
#include <roundhouse/module_abi.hpp>

namespace roundhouse::engine::interpreter {

class Scope {
 public:
  // Looks whether code has got to know its engine meanwhile. Then it lives for ever, as modules do:
  // it gives the engine objects, and its threads keep what they got until they end.
  void find(Unit& unit, EngineApi& engine);

  // `work`, with this_engine as that of `call`.
  void run(const Invocation& call, const std::function<void()>& work) const;

 private:
  using Within = void (*)(const Invocation& call, void (*work)(void* data), void* data);
  using Attach = void (*)(EngineApi* engine);

  Within within_ = nullptr;  // null: nobody asks
};

}  // namespace roundhouse::engine::interpreter
