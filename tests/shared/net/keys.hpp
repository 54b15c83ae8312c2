// Pairs of CURVE keys made for tests, and known to everyone who reads them.
#pragma once

namespace roundhouse::test {

inline constexpr const char* kHubPublic = R"(kO}n*rKQdz[mBa^N!)OH-yg@ay>k:J(yjg-2^R/-)";
inline constexpr const char* kHubSecret = R"(9h/cpyegj8uzymjzpCC.>AMy7GV%AV8kZ/PLlyYr)";
inline constexpr const char* kOwnPublic = R"(jZ:1bNBn6UdD%KT[8SE8f[!.e)jj(duD%7[DaG!c)";
inline constexpr const char* kOwnSecret = R"(^@eAffCuA)R0HY4/RnCW.6$aXi/emCe!7s:sG*+#)";

}  // namespace roundhouse::test
