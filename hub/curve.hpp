#pragma once

// Key pairs for CURVE, made anew by each hub: they travel in the connection files, which only their
// owner can read. Thread-safe.

#include <string>

namespace roundhouse::hub {

// In Z85, as ZeroMQ wants them: 40 characters each.
struct KeyPair {
  std::string public_key;
  std::string secret_key;
};

[[nodiscard]] KeyPair make_key_pair();

}  // namespace roundhouse::hub
