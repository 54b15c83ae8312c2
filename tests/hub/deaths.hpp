// What a nanny says when her engine process has died.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "tests/support/hub_harness.hpp"

namespace roundhouse::test {

// By a signal. Of what the engine holds the first `running` had begun.
inline wire::Died death_of(const FakeEngine& engine, std::size_t running, std::string output = {}) {
  wire::Died died;
  died.signal = 11;
  died.output = std::move(output);
  for (std::size_t i = 0; i < running; ++i)
    died.running.push_back(
        {{engine.templates.at(engine.held[i].template_number).session, engine.held[i].sequence},
         engine.held[i].fence});
  return died;
}

}  // namespace roundhouse::test
