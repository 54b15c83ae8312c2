#include "shared/paths.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace roundhouse {

namespace fs = std::filesystem;

namespace {

constexpr int kLockTries = 20;
constexpr std::chrono::milliseconds kLockPause{5};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string{value};
}

std::string home() {
  if (auto path = environment("HOME"); path.starts_with('/')) return path;
  const passwd* entry = getpwuid(geteuid());
  return entry != nullptr && entry->pw_dir != nullptr ? entry->pw_dir : "/";
}

bool is_our_folder(const std::string& path) {
  struct stat info {};

  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid();
}

std::string absolute(const std::string& path) {
  std::error_code error;
  const fs::path whole = fs::absolute(path, error).lexically_normal();
  std::string text = error ? path : whole.string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

Error os_error(const std::string& what, int number) {
  const bool denied = number == EACCES || number == EPERM || number == EROFS;
  return {denied ? Errc::permission : Errc::io_failed, what + ": " + std::strerror(number)};
}

// Every folder on the way, ours alone: nobody else has business in any of those that we make.
Result<void> make_private_folders(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  if (errno != ENOENT) return os_error("cannot make the folder " + path, errno);
  const std::string parent = fs::path(path).parent_path().string();
  if (parent.empty() || parent == path) return os_error("cannot make the folder " + path, ENOENT);
  if (auto made = make_private_folders(parent); !made) return made;
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return os_error("cannot make the folder " + path, errno);
}

Result<void> check_private_folder(const std::string& path, const std::string& advice) {
  struct stat info {};

  if (lstat(path.c_str(), &info) != 0) return os_error("cannot look at " + path, errno);
  if (!S_ISDIR(info.st_mode)) {
    return {Errc::permission, path + " is not a folder: remove it, or " + advice};
  }
  if (info.st_uid != geteuid()) {
    return {Errc::permission,
            path + " belongs to another user (uid " + std::to_string(info.st_uid) + "): " + advice};
  }
  if ((info.st_mode & 077) != 0) {
    return {Errc::permission,
            "others can read " + path + ", which lets them run code as you: chmod 700 " + path};
  }
  return {};
}

pid_t read_pid(int descriptor) {
  std::array<char, 32> text{};
  const ssize_t size = pread(descriptor, text.data(), text.size(), 0);
  pid_t pid = 0;
  if (size > 0) std::from_chars(text.data(), text.data() + size, pid);
  return pid;
}

// A lock file can be deleted between our open and our lock: then what we hold is nobody's lock.
bool is_still(int descriptor, const std::string& path) {
  struct stat held {};

  struct stat named {};

  return fstat(descriptor, &held) == 0 && stat(path.c_str(), &named) == 0 &&
         held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

Error held_by_another(const RunDir& run_dir, pid_t pid) {
  return {Errc::in_use, "cluster '" + run_dir.cluster() + "' already has a hub" +
                            (pid > 0 ? " (pid " + std::to_string(pid) + ")" : "") + " in " +
                            run_dir.path() + ": stop it with `roundhouse stop --cluster " +
                            run_dir.cluster() + "`, or choose another --cluster"};
}

}  // namespace

std::string default_cluster() {
  std::string name = environment("ROUNDHOUSE_CLUSTER");
  return name.empty() ? "default" : name;
}

Result<void> check_cluster_name(std::string_view name) {
  const auto alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  const bool good = !name.empty() && name.size() <= kClusterNameBytesMax &&
                    alphanumeric(name.front()) && std::ranges::all_of(name, [&](char c) {
                      return alphanumeric(c) || c == '.' || c == '-' || c == '_';
                    });
  if (good) return {};
  return {Errc::invalid, "'" + std::string(name.substr(0, 2 * kClusterNameBytesMax)) +
                             "' is not a cluster name: use letters, digits, '.', '-' and '_', "
                             "beginning with a letter or digit, at most " +
                             std::to_string(kClusterNameBytesMax) + " of them"};
}

std::string run_root() {
  if (auto path = environment("ROUNDHOUSE_DIR"); !path.empty()) return absolute(path);
  if (auto path = environment("XDG_RUNTIME_DIR"); path.starts_with('/') && is_our_folder(path)) {
    return absolute(path + "/roundhouse");
  }
  return absolute(home() + "/.roundhouse");
}

std::string_view to_string(Role role) {
  return role == Role::client ? "client" : "engine";
}

RunDir::RunDir(std::string cluster, std::string path)
    : cluster_(std::move(cluster)), path_(std::move(path)) {}

Result<RunDir> RunDir::locate(std::string_view cluster, std::string_view root) {
  const std::string name = cluster.empty() ? default_cluster() : std::string(cluster);
  if (auto checked = check_cluster_name(name); !checked) return checked.error();
  const std::string folder = (root.empty() ? run_root() : absolute(std::string(root))) + "/" + name;
  const std::size_t longest = folder.size() + 1 + kSocketNameBytesMax + std::strlen(".ipc");
  if (longest > kSocketPathBytesMax) {
    return Error{Errc::invalid, "the run directory " + folder + " is " +
                                    std::to_string(longest - kSocketPathBytesMax) +
                                    " bytes too long for the paths of sockets (at most " +
                                    std::to_string(kSocketPathBytesMax) +
                                    " bytes): set ROUNDHOUSE_DIR to a shorter folder"};
  }
  return RunDir(name, folder);
}

Result<void> RunDir::create() const {
  if (auto made = make_private_folders(path_); !made) return made;
  return check();
}

Result<void> RunDir::check() const {
  struct stat info {};

  if (lstat(path_.c_str(), &info) != 0 && errno == ENOENT) {
    return {Errc::not_connected, "no hub is running: there is no folder " + path_ +
                                     "; start a cluster with `roundhouse start --cluster " +
                                     cluster_ + "`"};
  }
  return check_private_folder(path_, "set ROUNDHOUSE_DIR to a folder of your own");
}

void RunDir::remove() const {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path_, error)) {
    std::error_code ignored;
    if (entry.symlink_status(ignored).type() != fs::file_type::directory) {
      fs::remove(entry.path(), ignored);
    }
  }
  rmdir(path_.c_str());
}

void RunDir::remove_leftovers() const {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path_, error)) {
    std::error_code ignored;
    if (entry.path().extension() == ".ipc") fs::remove(entry.path(), ignored);
  }
  for (const Role role : {Role::client, Role::engine}) unlink(connection_file(role).c_str());
}

std::string RunDir::file(std::string_view name) const {
  return path_ + "/" + std::string(name);
}

std::string RunDir::connection_file(Role role) const {
  return file(std::string(to_string(role)) + ".json");
}

std::string RunDir::endpoint(std::string_view name) const {
  return "ipc://" + file(name) + ".ipc";
}

std::vector<std::string> list_clusters(std::string_view root) {
  std::vector<std::string> names;
  std::error_code error;
  const std::string folder = root.empty() ? run_root() : absolute(std::string(root));
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    std::string name = entry.path().filename().string();
    std::error_code ignored;
    if (entry.is_directory(ignored) && check_cluster_name(name)) names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  return names;
}

Result<RunDirLock> RunDirLock::acquire(const RunDir& run_dir) {
  const std::string path = run_dir.lock_file();
  pid_t holder = 0;
  // Tries again for a moment: whoever asks for the holder takes the lock for an instant.
  for (int i = 0; i < kLockTries; ++i) {
    const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) return os_error("cannot open " + path, errno);
    RunDirLock lock(descriptor);
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
      if (!is_still(descriptor, path)) continue;
      const std::string pid = std::to_string(getpid()) + "\n";
      if (ftruncate(descriptor, 0) != 0 ||
          pwrite(descriptor, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
        return os_error("cannot write " + path, errno);
      }
      return lock;
    }
    if (errno != EWOULDBLOCK) return os_error("cannot lock " + path, errno);
    holder = read_pid(descriptor);
    std::this_thread::sleep_for(kLockPause);
  }
  return held_by_another(run_dir, holder);
}

std::optional<pid_t> RunDirLock::holder(const RunDir& run_dir) {
  const int descriptor = open(run_dir.lock_file().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return std::nullopt;
  const RunDirLock closes_it(descriptor);
  if (flock(descriptor, LOCK_SH | LOCK_NB) == 0) return std::nullopt;
  return read_pid(descriptor);
}

RunDirLock::RunDirLock(RunDirLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

RunDirLock& RunDirLock::operator=(RunDirLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

RunDirLock::~RunDirLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::string state_dir() {
  const std::string base = environment("XDG_STATE_HOME");
  return absolute((base.starts_with('/') ? base : home() + "/.local/state") + "/roundhouse");
}

Result<std::string> make_state_dir() {
  const std::string folder = state_dir();
  if (auto made = make_private_folders(folder); !made) return made.error();
  if (auto checked = check_private_folder(folder, "set XDG_STATE_HOME to a folder of your own");
      !checked) {
    return checked.error();
  }
  return folder;
}

Result<std::string> make_database_path(std::string_view cluster) {
  if (auto checked = check_cluster_name(cluster); !checked) return checked.error();
  const auto folder = make_state_dir();
  if (!folder) return folder.error();
  return *folder + "/" + std::string(cluster) + ".db";
}

}  // namespace roundhouse
