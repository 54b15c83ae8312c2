// OS. The machine that this process runs on. Thread-safe.
#pragma once

#include <string>

namespace roundhouse {

// Its name, for people; "unknown" when the system does not say.
[[nodiscard]] std::string host_name();

}  // namespace roundhouse
