#include "shared/protocol_version.hpp"

#include <roundhouse/version.hpp>

namespace roundhouse {

constinit const ProtocolVersion kProtocol{kProtocolMajor, kProtocolMinor};

}  // namespace roundhouse
