#pragma once

// DISK. Keeps two hubs from writing one database: SQLite itself would let them take turns.

#include <string>

namespace roundhouse::hub {

// Holds `<path>.lock` until destroyed, or until the process dies, however it dies.
class DatabaseLock {
 public:
  // Throws Exception: in_use when another hub has it, store_failed when it cannot be made.
  explicit DatabaseLock(const std::string& path);
  DatabaseLock(const DatabaseLock&) = delete;
  DatabaseLock& operator=(const DatabaseLock&) = delete;
  ~DatabaseLock();

 private:
  int fd_;
};

}  // namespace roundhouse::hub
