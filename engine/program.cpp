#include "engine/program.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <thread>
#include <utility>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/crowd.hpp"
#include "engine/engine.hpp"
#include "engine/nanny.hpp"
#include "engine/undertaker.hpp"
#include "shared/clock.hpp"
#include "shared/connection_file.hpp"
#include "shared/host.hpp"
#include "shared/log.hpp"
#include "shared/net/socket.hpp"
#include "shared/random.hpp"

namespace roundhouse::engine {
namespace {

void open_log(const EngineConfig& config, const std::string& program) {
  log::Options options;
  options.program = program;
  options.file = config.log_file;
  options.level = log::level_from_string(config.log_level).value_or(log::Level::warn);
  if (const auto opened = log::open(options); !opened) raise(opened.error());
}

std::optional<Duration> unless_zero(Duration duration) {
  return duration > Duration{0} ? std::optional(duration) : std::nullopt;
}

int fail(const Farewell& farewell) {
  std::fprintf(stderr, "roundhouse-engine: %s\n", farewell.text.c_str());
  return exit_status(farewell.exit);
}

// Waits for a connection file. Signals are blocked and end the program: nothing was started.
std::optional<Farewell> wait_for_file(const EngineConfig& config, const std::string& path) {
  const TimePoint deadline = steady_now() + config.wait;
  const sigset_t signals = nanny_signals();
  for (;;) {
    const auto file = read_connection_file(path, Role::engine);
    if (file) return std::nullopt;
    if (file.error().code != Errc::not_connected) return Farewell{Exit::failed, file.error().text};
    if (steady_now() >= deadline)
      return Farewell{Exit::no_hub, file.error().text + ", or wait for one with --wait SECONDS"};
    constexpr timespec kPause{0, 50'000'000};
    const int signal = sigtimedwait(&signals, nullptr, &kPause);
    if (signal == SIGTERM || signal == SIGINT) return Farewell{Exit::stopped, "stopped"};
  }
}

// A signal handler knows nothing else. Set before the handlers are.
Engine* engine_to_stop = nullptr;

extern "C" void stop_engine(int) {
  engine_to_stop->stop();
}

void stop_on_signals(Engine& engine) {
  engine_to_stop = &engine;

  struct sigaction action {};

  action.sa_handler = stop_engine;
  action.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
}

SessionOptions session_options(const EngineConfig& config, const Inheritance& inherited) {
  SessionOptions options;
  options.uuid = inherited.uuid;
  options.incarnation = inherited.incarnation;
  options.slots = config.slots;
  options.pid = static_cast<std::uint32_t>(getpid());
  options.host = host_name();
  options.label = config.name;
  options.has_nanny = true;
  options.shipped_modules = config.shipped_modules;
  options.limit_grace = config.limit_grace;
  options.idle_timeout = config.idle_timeout;
  options.terms.epoch = inherited.epoch;
  options.terms.hub_timeout = unless_zero(config.hub_timeout);
  // Only the first incarnation asks whether there is a hub at all; later ones know that there was.
  options.terms.first_wait = inherited.incarnation == 1 ? config.wait : options.terms.hub_timeout;
  if (inherited.incarnation == 1 && config.wait == Duration{0})
    options.terms.first_wait = Duration{0};
  return options;
}

// Where a hub puts the one for clients.
std::string client_file_beside(const std::string& engine_file) {
  return (std::filesystem::path(engine_file).parent_path() / "client.json").string();
}

// Until the engine ends. The link's last bytes have left when this returns. What tasks print is
// caught from here on; what they still print at the end is their nanny's to read.
Farewell run_engine(const EngineConfig& config, const Inheritance& inherited, Page& page) {
  const auto path = config.connection_path();
  if (!path) return {Exit::failed, path.error().text};
  // Both stay for ever: tasks may still be running on their threads when the process ends.
  TaskHost* host = std::make_unique<TaskHost>(config.slots).release();
  host->set_output(std::make_unique<TaskOutput>(inherited.pipes, &page.printed()).release());
  host->set_client_file(client_file_beside(*path));
  if (!config.source) {
    host->source().refuse();
    host->lambdas().refuse();
  }
  host->commands().set({config.commands, config.limit_grace / 2}, page.commands());
  host->commands().before_first([fd = page.fd(), nanny = getppid()] {
    if (!start_undertaker(fd, nanny)) log::warn("no_undertaker", {{"error", std::strerror(errno)}});
  });
  ModuleSet* modules = std::make_unique<ModuleSet>(*host).release();
  host->source().offer([modules] { return modules->functions(); });
  for (const std::string& module : config.modules)
    if (const auto loaded = modules->load(module); !loaded)
      return {Exit::failed, loaded.error().text};
  auto context = std::make_unique<net::Context>();
  SessionOptions options = session_options(config, inherited);
  for (const ModuleSet::Module& module : modules->modules())
    options.modules.push_back(have_of(module.build, module.path.substr(module.path.rfind('/') + 1),
                                      module.size, *module.info));
  Engine* engine = std::make_unique<Engine>(std::move(options), links_by_file(*context, *path),
                                            *modules, *host, &page)
                       .release();
  engine->on_first_welcome([fd = inherited.ready_fd] {
    static_cast<void>(!write(fd, "r", 1));
    close(fd);
  });
  stop_on_signals(*engine);
  return engine->run();
}

}  // namespace

int run_nanny(const EngineConfig& config, std::vector<std::string> arguments) {
  const sigset_t signals = nanny_signals();
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  open_log(config, "engine-nanny");
  const auto path = config.connection_path();
  if (!path) return fail({Exit::failed, path.error().text});
  if (const auto none = wait_for_file(config, *path))
    return exit_status(none->exit) == 0 ? 0 : fail(*none);
  NannyOptions options;
  std::array<std::uint8_t, 16> bytes{};
  random_bytes(bytes);
  options.uuid = Uuid{bytes};
  options.slots = config.slots;
  options.pid = static_cast<std::uint32_t>(getpid());
  options.host = host_name();
  options.label = config.name;
  options.hub_timeout = unless_zero(config.hub_timeout);
  options.crashes_max = config.crashes_max;
  options.crash_window = config.crash_window;
  options.stop_grace = config.stop_grace;
  net::Context context;
  Farewell farewell;
  {
    Nanny nanny(options, {"/proc/self/exe", std::move(arguments), config.page_bytes},
                links_by_file(context, *path));
    nanny.on_ready([] {
      std::puts("ready");
      std::fflush(stdout);
    });
    farewell = nanny.run();
  }
  log::close();
  if (exit_status(farewell.exit) == 0) return 0;
  if (farewell.exit == Exit::no_hub)
    farewell.text += "; start one with `roundhouse start`, or wait for one with --wait SECONDS";
  return fail(farewell);
}

int run_crowd(const EngineConfig& config, std::size_t count) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() == 1) return exit_status(Exit::failed);  // the parent was quicker to die
  open_log(config, "engine-crowd");
  const std::string path = config.connection_path().or_throw();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    static_cast<void>(setrlimit(RLIMIT_NOFILE, &limit));
  }
  net::Context context({.sockets_max = static_cast<int>(count * Crowd::kSocketsEach) + 16});
  Crowd(links_by_file(context, path), count).run();
  log::close();
  return 0;
}

void run_engine_process(const EngineConfig& config, const std::string& inherit) {
  const auto inherited = parse_inheritance(inherit);
  if (!inherited || !die_with_nanny(inherited->nanny_pid)) std::_Exit(kUsageStatus);
  signal(SIGPIPE, SIG_IGN);
  // What tasks print is read line by line by the nanny, and must not be lost in a crash.
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  auto opened = Page::open(inherited->page_fd);
  if (!opened) raise(opened.error());
  // Stays for ever, as do those that write to it.
  Page* const page = std::make_unique<Page>(std::move(*opened)).release();
  open_log(config, "engine");
  const Farewell farewell = run_engine(config, *inherited, *page);
  log::close();
  page->write_farewell(farewell);
  // Not exit(): user code may still run on the task threads, and destructors of its modules must
  // not pull the floor from under it.
  std::_Exit(exit_status(farewell.exit));
}

}  // namespace roundhouse::engine
