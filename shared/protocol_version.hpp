// CORE. The version of the wire protocol that a program speaks. Thread rule: plain values.
#pragma once

namespace roundhouse {

// See the beginning of PROTOCOL.md: another major is refused, another minor works.
struct ProtocolVersion {
  int major = 0;
  int minor = 0;
};

// What this program speaks: that of <roundhouse/version.hpp>. Linked, so that tests have programs
// that speak another one without compiling them anew (tests/CMakeLists.txt, rh_other_version).
extern const ProtocolVersion kProtocol;

}  // namespace roundhouse
