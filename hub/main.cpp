// roundhouse-hub: flags to configuration, a Hub, an exit code. 0: stopped in good order; 1: it
// could not start, or not go on; 2: a flag is wrong.

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "hub/config.hpp"
#include "hub/descriptors.hpp"
#include "hub/hub.hpp"
#include "shared/log.hpp"
#include "shared/manual/man_page.hpp"
#include <roundhouse/version.hpp>

namespace {

namespace hub = roundhouse::hub;

struct Flags {
  std::string config;
  std::string manual;
  roundhouse::JsonConfig::Settings settings;
};

// "500" means milliseconds, as the flags say; "2s" is taken, too.
std::string milliseconds(const std::string& text) {
  const bool bare = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  return bare ? text + "ms" : text;
}

void add_setting(CLI::App& app, Flags& flags, const std::string& flag, const std::string& key,
                 const std::string& help, bool is_time = false) {
  app.add_option_function<std::string>(
         flag,
         [&flags, key, is_time](const std::string& value) {
           flags.settings.emplace_back(key, is_time ? milliseconds(value) : value);
         },
         help)
      ->type_name(is_time ? "MS" : "VALUE");
}

void add_flags(CLI::App& app, Flags& flags) {
  app.set_version_flag("--version", std::string(roundhouse::kVersion));
  app.add_option("--config", flags.config, "File as config/hub.json")->type_name("FILE");
  add_setting(app, flags, "--cluster", "cluster", "Name of the cluster (ROUNDHOUSE_CLUSTER)");
  add_setting(app, flags, "--dir", "dir", "Folder of run directories (ROUNDHOUSE_DIR)");
  add_setting(app, flags, "--store", "store.kind", "sqlite, memory or none");
  add_setting(app, flags, "--durability", "store.durability", "relaxed, commit or none");
  add_setting(app, flags, "--database", "store.database", "Results database file");
  add_setting(app, flags, "--listen", "listen", "ipc, or tcp://ADDRESS[:PORT]");
  add_setting(app, flags, "--policy", "schedule.policy",
              "Which engine is given a task: least_loaded, lru, weighted_random, two_choices, "
              "random or pure");
  add_setting(app, flags, "--grace", "grace", "Milliseconds to wait for known engines", true);
  add_setting(app, flags, "--heartbeat", "heartbeat", "Milliseconds between beats", true);
  add_setting(app, flags, "--dead", "dead", "Milliseconds of silence that mean loss", true);
  add_setting(app, flags, "--log-level", "log.level", "debug, info, warn, error or off");
  add_setting(app, flags, "--log-file", "log.file", "Default: standard error");
  app.add_flag_callback(
      "--insecure-loopback", [&flags] { flags.settings.emplace_back("insecure_loopback", "true"); },
      "tcp on 127.0.0.1 without encryption, for measuring");
  app.add_option_function<std::vector<std::string>>(
         "--set",
         [&flags](const std::vector<std::string>& pairs) {
           for (const std::string& pair : pairs) {
             const std::size_t equals = pair.find('=');
             if (equals == std::string::npos)
               throw CLI::ValidationError("--set", "KEY=VALUE is wanted, not '" + pair + "'");
             flags.settings.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
           }
         },
         "KEY=VALUE for any key of config/hub.json; repeat")
      ->allow_extra_args(false)
      ->type_name("SETTING");
  app.add_option("--manual", flags.manual)->group("");
  app.footer(
      "`roundhouse start` starts a hub and keeps it running; by hand it stays in the foreground.\n"
      "Example: roundhouse-hub --cluster night --listen tcp://192.0.2.1:7000 --dead 10s\n\n"
      "Exit codes: 0 stopped in good order, 1 could not start or not go on, 2 a flag is wrong.");
}

// For the build: writes the page of these flags.
void write_manual(const CLI::App& app, const std::string& folder) {
  roundhouse::manual::Notes notes;
  notes.section = 8;
  notes.version = roundhouse::kVersion;
  notes.environment = {
      {"ROUNDHOUSE_CLUSTER", "The cluster where nothing else names one."},
      {"ROUNDHOUSE_DIR", "The folder of run directories."},
      {"ROUNDHOUSE_HUB_KEY", "Any key of the configuration: ROUNDHOUSE_HUB_STORE_KIND=memory."}};
  notes.files = {{"client.json, engine.json", "In the run directory: how to reach this hub."},
                 {"~/.local/state/roundhouse/CLUSTER.db", "The records of all tasks."}};
  notes.see_also = {"roundhouse(1)", "roundhouse-engine(8)"};
  roundhouse::manual::write_pages(app, notes, folder);
}

// A file that may not grow is a store that fails: its writer is told, not killed.
void survive_full_disks() {
  std::signal(SIGXFSZ, SIG_IGN);
}

// Blocked before any thread starts, so that all of them inherit it and only the descriptor tells.
int make_stop_fd() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

void open_log(const hub::HubConfig& config) {
  roundhouse::log::Options options;
  options.program = "hub";
  options.file = config.log_file;
  options.level = roundhouse::log::level_from_string(config.log_level).value_or(options.level);
  options.asynchronous = true;
  roundhouse::log::open(options).or_throw();
}

int serve(const Flags& flags) {
  const hub::HubConfig config = hub::load_config(flags.config, flags.settings).or_throw();
  const int stop_fd = make_stop_fd();
  survive_full_disks();
  open_log(config);
  hub::raise_descriptor_limit();
  hub::Hub hub(config);
  std::printf("ready cluster=%s epoch=%llu pid=%d client=%s engine=%s\n",
              hub.run_dir().cluster().c_str(), static_cast<unsigned long long>(hub.epoch()),
              static_cast<int>(::getpid()), hub.file(roundhouse::Role::client).c_str(),
              hub.file(roundhouse::Role::engine).c_str());
  std::fflush(stdout);
  hub.run(stop_fd);
  roundhouse::log::close();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"The hub of a Roundhouse cluster: routes tasks between clients and engines",
               "roundhouse-hub"};
  Flags flags;
  add_flags(app, flags);
  try {
    app.parse(argc, argv);
    if (!flags.manual.empty()) return write_manual(app, flags.manual), 0;
    return serve(flags);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    std::fprintf(stderr, "roundhouse-hub: %s; --help lists the flags\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    roundhouse::log::close();
    std::fprintf(stderr, "roundhouse-hub: %s\n", error.what());
    return 1;
  }
}
