// OS. The file by which a hub tells clients and engines of its cluster how to reach it: JSON, 0600,
// one for clients and one for engines, in the run directory or wherever a person copied it to.
//
// It is written last when a hub starts, so that its presence means that connecting makes sense, and
// by renaming, so that nobody reads half of it. Throws nothing. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shared/paths.hpp"
#include <roundhouse/result.hpp>

namespace roundhouse {

inline constexpr std::size_t kConnectionFileBytesMax = 64 * 1024;

// Where the three planes are, as ZeroMQ endpoints: "ipc:///run/..." or "tcp://host:port".
struct Endpoints {
  std::string task;
  std::string control;
  std::string notify;

  friend bool operator==(const Endpoints&, const Endpoints&) = default;
};

// The keys for CURVE, each as the 40 characters of Z85. Secret: they are why the file is 0600.
struct CurveKeys {
  std::string hub_public;
  std::string own_public;
  std::string own_secret;

  friend bool operator==(const CurveKeys&, const CurveKeys&) = default;
};

struct ConnectionInfo {
  std::string cluster;
  Role role = Role::client;
  Endpoints endpoints;
  int protocol_major = 0;
  int protocol_minor = 0;
  std::string library_version;     // of the hub, for people
  std::int64_t hub_pid = 0;        // on the hub's host
  std::string hub_host;            // its name, for people
  std::optional<CurveKeys> curve;  // nothing when the endpoints need none
  std::string database;            // path on the hub's host; empty when nothing is kept on disk

  friend bool operator==(const ConnectionInfo&, const ConnectionInfo&) = default;
};

// Replaces the file at `path`, mode 0600. Fails with `io_failed` or `permission`; then a file that
// was there is as it was.
[[nodiscard]] Result<void> write_connection_file(const std::string& path,
                                                 const ConnectionInfo& info);

// Reads and checks a file. Fails with
//   not_connected   there is none: no hub is running
//   permission      it belongs to someone else, or others can read it
//   malformed       it is not a connection file, or not one for `role`
//   version         it is from a hub that speaks another major version of the protocol
[[nodiscard]] Result<ConnectionInfo> read_connection_file(const std::string& path, Role role);

}  // namespace roundhouse
