#pragma once

// Tasks of the test module `rule_tasks`: predicates, and tasks that are not for every engine or do
// not keep to their time.

#include <cstdint>
#include <string>

namespace rule_tasks {

bool says(bool answer);
// Throws rh::UnmetDependency.
bool refuses(const std::string& why);
// Throws std::runtime_error.
bool breaks(const std::string& why);
// Whether the engine has this id.
bool is_engine(std::uint32_t id);

// Returns the engine's id, unless it is `id`: then it throws rh::UnmetDependency.
std::uint32_t anywhere_but(std::uint32_t id);
// Returns the number, or throws std::runtime_error.
int fails_if(int number, bool fails);
std::uint32_t process_id();
// Never ends, and never looks at its stop token.
void spin_for_ever();
// Ends when it is asked to, and returns 7.
int spin_until_stopped();
// The same, but throws std::runtime_error then.
int throw_when_stopped();
// Sleeps, and returns how long it was told to.
std::uint32_t sleep_ms(std::uint32_t milliseconds);

}  // namespace rule_tasks
