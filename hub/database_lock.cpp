#include "hub/database_lock.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <roundhouse/error.hpp>

namespace roundhouse::hub {

// A file of its own, because closing any descriptor of the database would drop SQLite's locks.
DatabaseLock::DatabaseLock(const std::string& path)
    : fd_(::open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
  if (fd_ < 0)
    throw Exception(Errc::store_failed, "cannot make '" + path + ".lock': " + std::strerror(errno) +
                                            "; name another file with --database");
  if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return;
  ::close(fd_);
  throw Exception(Errc::in_use, "another hub writes the results database '" + path +
                                    "': stop it, or name another file with --database");
}

DatabaseLock::~DatabaseLock() {
  ::close(fd_);
}

}  // namespace roundhouse::hub
