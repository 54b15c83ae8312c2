// OS. Where a cluster keeps its files, and the lock that allows it one hub.
//
//   run directory   $ROUNDHOUSE_DIR/<cluster>/          0700; gone when the cluster stops
//                     lock                              held by the hub while it lives; has its pid
//                     client.json, engine.json          how to connect (connection_file.hpp), 0600
//                     client-task.ipc, ...              the hub's sockets
//                     hub.log, engine-<n>.log, *.pid
//   state folder    $XDG_STATE_HOME/roundhouse/         0700; outlives logout and reboot
//                     <cluster>.db                      the results database
//                     console_history                   what was typed at consoles, 0600
//
// ROUNDHOUSE_DIR defaults to $XDG_RUNTIME_DIR/roundhouse when that is a folder of ours, and else to
// ~/.roundhouse; XDG_STATE_HOME to ~/.local/state.
//
// Everything here reads the environment and the file system and throws nothing. Thread-safe as long
// as nobody changes the environment meanwhile.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include <roundhouse/result.hpp>

namespace roundhouse {

// What sockaddr_un holds, without its final zero.
inline constexpr std::size_t kSocketPathBytesMax = 107;
inline constexpr std::size_t kClusterNameBytesMax = 48;

// The name in ROUNDHOUSE_CLUSTER, or "default".
[[nodiscard]] std::string default_cluster();

// A cluster's name is part of file names: letters, digits, '.', '-' and '_', beginning with a
// letter or a digit, at most kClusterNameBytesMax of them.
[[nodiscard]] Result<void> check_cluster_name(std::string_view name);

// The folder that holds one run directory per cluster. Always absolute; need not exist.
[[nodiscard]] std::string run_root();

// Who connects: each has sockets and a connection file of its own.
enum class Role { client, engine };
[[nodiscard]] std::string_view to_string(Role role);

// One cluster's run directory. A value: names files, and touches the disk only where it says so.
class RunDir {
 public:
  // The run directory of `cluster` (empty: default_cluster()) under `root` (empty: run_root()).
  // Creates nothing. Fails with `invalid` on a bad name, and when the path is too long for sockets.
  static Result<RunDir> locate(std::string_view cluster = {}, std::string_view root = {});

  // Makes the folder, 0700, and its parents; fine when it is there already. Then as check().
  [[nodiscard]] Result<void> create() const;

  // Fails with `permission` when the folder is not ours, is a symbolic link, or when others may
  // look into it, and with `not_connected` when it does not exist.
  [[nodiscard]] Result<void> check() const;

  // Deletes the files in the folder (never a folder in it, which is not ours) and the folder. For
  // whoever holds the lock, or knows that nobody does. Fine when there is nothing.
  void remove() const;

  // Deletes sockets and connection files that a hub which did not stop properly left behind; keeps
  // the logs. For whoever holds the lock.
  void remove_leftovers() const;

  [[nodiscard]] const std::string& cluster() const { return cluster_; }

  [[nodiscard]] const std::string& path() const { return path_; }

  // A file of this name in the folder.
  [[nodiscard]] std::string file(std::string_view name) const;

  [[nodiscard]] std::string lock_file() const { return file("lock"); }

  [[nodiscard]] std::string connection_file(Role role) const;

  // "ipc://<folder>/<name>.ipc". Short enough for a socket for names of kSocketNameBytesMax.
  [[nodiscard]] std::string endpoint(std::string_view name) const;

  static constexpr std::size_t kSocketNameBytesMax = 16;

 private:
  RunDir(std::string cluster, std::string path);

  std::string cluster_;
  std::string path_;
};

// Names of the clusters that have a run directory under `root` (empty: run_root()), sorted; whether
// a hub lives in one is RunDirLock::holder()'s to say.
[[nodiscard]] std::vector<std::string> list_clusters(std::string_view root = {});

// Holds a run directory for one hub: taken before it binds, because a second bind on an ipc path
// would silently steal it. Released when destroyed and when the process dies, however it dies; not
// inherited through exec.
class RunDirLock {
 public:
  // Fails with `in_use` and the pid of the holder when another process (or object) has it.
  // The folder must exist: RunDir::create().
  static Result<RunDirLock> acquire(const RunDir& run_dir);

  // The pid of the hub that holds the lock now; nothing when none does. Zero when one does and its
  // pid cannot be read.
  [[nodiscard]] static std::optional<pid_t> holder(const RunDir& run_dir);

  RunDirLock(RunDirLock&& other) noexcept;
  RunDirLock& operator=(RunDirLock&& other) noexcept;
  RunDirLock(const RunDirLock&) = delete;
  RunDirLock& operator=(const RunDirLock&) = delete;
  ~RunDirLock();

 private:
  explicit RunDirLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

// The folder of the results databases. Always absolute; need not exist.
[[nodiscard]] std::string state_dir();

// Makes the state folder, 0700, and returns it. Fails with `permission` or `io_failed`. Its files
// are readable by their owner alone.
[[nodiscard]] Result<std::string> make_state_dir();

// The same, and where the database of `cluster` is in it.
[[nodiscard]] Result<std::string> make_database_path(std::string_view cluster);

}  // namespace roundhouse
