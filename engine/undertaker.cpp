#include "engine/undertaker.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "engine/page.hpp"
#include "shared/fd.hpp"

namespace roundhouse::engine {
namespace {

constexpr int kPageFd = 3;
constexpr int kNannyLookMs = 50;

// Within so many milliseconds; -1: whenever.
bool dies_within(const Fd& process, int patience) {
  pollfd item{process.get(), POLLIN, 0};
  return !process || poll(&item, 1, patience) > 0;
}

class Actions {
 public:
  Actions() { posix_spawn_file_actions_init(&actions_); }

  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;

  ~Actions() { posix_spawn_file_actions_destroy(&actions_); }

  [[nodiscard]] posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

}  // namespace

bool start_undertaker(int page_fd, pid_t nanny) {
  Actions actions;
  for (int fd = 0; fd < kPageFd; ++fd)
    posix_spawn_file_actions_addopen(actions.get(), fd, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_adddup2(actions.get(), page_fd, kPageFd);
  posix_spawn_file_actions_addclosefrom_np(actions.get(), kPageFd + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
  sigset_t all;  // it goes when it is not needed, and not before
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &all);
  std::string name = "roundhouse-engine";
  std::string flag = kUndertakerFlag;
  std::string both = std::to_string(getpid()) + ',' + std::to_string(nanny);
  const std::array<char*, 4> words{name.data(), flag.data(), both.data(), nullptr};
  pid_t made = -1;
  errno = posix_spawn(&made, "/proc/self/exe", actions.get(), &attributes, words.data(), environ);
  posix_spawnattr_destroy(&attributes);
  return errno == 0;
}

int run_undertaker(const std::string& charge) {
  // Who kills all that is called roundhouse-engine does not mean this one.
  prctl(PR_SET_NAME, "rh-undertaker");
  const char* const end = charge.data() + charge.size();
  pid_t engine = -1;
  pid_t nanny = -1;
  const auto comma = std::from_chars(charge.data(), end, engine).ptr;
  if (comma == end || std::from_chars(comma + 1, end, nanny).ec != std::errc{}) return 2;
  const Fd its_engine = open_process(engine);
  const Fd its_nanny = open_process(nanny);
  auto page = Page::open(kPageFd);
  if (!page) return 1;
  // It may have died before it was opened, and its number mean another by now.
  if (getppid() == engine) (void)dies_within(its_engine, -1);
  const CommandCells cells = page->commands();
  const auto is_left = [](const CommandCell& cell) { return cell.group.load() > 0; };
  while (!dies_within(its_nanny, kNannyLookMs))
    if (std::none_of(cells.begin(), cells.end(), is_left)) return 0;
  end_commands(cells);
  kill(-engine, SIGKILL);  // what else its tasks have started
  return 0;
}

}  // namespace roundhouse::engine
