// roundhouse-engine: a nanny and, under it, the engine process, which is this same program run with
// --inherit. Exit status: 0 stopped or dismissed, 1 could not start, 2 wrong usage, 3 no hub,
// 4 refused by the hub, 5 crashed too often.

#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "engine/program.hpp"
#include "engine/undertaker.hpp"
#include "shared/manual/man_page.hpp"
#include <roundhouse/version.hpp>

namespace {

namespace engine = roundhouse::engine;

struct Options {
  std::string config_file;
  std::string cluster, connection_file, name, wait, idle_timeout, log_level, slots;
  std::vector<std::string> modules;
  bool no_shipped_modules = false;
  bool no_source = false;
  bool no_commands = false;
  std::vector<std::string> settings;
  std::string inherit;
  std::string undertaker;
  std::string manual;
  std::size_t crowd = 0;
};

void declare(CLI::App& app, Options& o) {
  app.add_option("--cluster", o.cluster, "the cluster to serve")->type_name("NAME");
  app.add_option("--connection-file", o.connection_file, "how to reach the hub")->type_name("FILE");
  app.add_option("--slots", o.slots, "tasks that run at a time (1)")->type_name("N");
  app.add_option("--module", o.modules, "a module of tasks to load; may be given several times")
      ->allow_extra_args(false)
      ->type_name("PATH");
  app.add_flag("--no-shipped-modules", o.no_shipped_modules,
               "refuse modules that clients ship; run only those of --module");
  app.add_flag("--no-source", o.no_source, "refuse C++ source that clients send");
  app.add_flag("--no-commands", o.no_commands, "run no external programs, only functions");
  app.add_option("--name", o.name, "a name for people")->type_name("NAME");
  app.add_option("--wait", o.wait, "seconds (or 500ms, 5min) to wait for a hub; default: not")
      ->type_name("TIME");
  app.add_option("--idle-timeout", o.idle_timeout,
                 "leave after so long without work: 10min, 300; default: never")
      ->type_name("TIME");
  app.add_option("--config", o.config_file, "a file like config/engine.json")->type_name("FILE");
  app.add_option("--set", o.settings, "KEY=VALUE: any key of config/engine.json; repeat")
      ->allow_extra_args(false)
      ->type_name("SETTING");
  app.add_option("--log-level", o.log_level, "debug, info, warn, error or off")->type_name("LEVEL");
  app.add_option(engine::kInheritFlag, o.inherit)->group("");
  app.add_option(engine::kUndertakerFlag, o.undertaker)->group("");
  app.add_option("--crowd", o.crowd)->check(CLI::Range(1, 2000))->group("");  // for benchmarks
  app.set_version_flag("--version", std::string("roundhouse-engine ") + roundhouse::kVersion);
  app.add_option("--manual", o.manual)->group("");
  app.footer(
      "Example: roundhouse-engine --module ./survey_tasks.so --slots 2 --wait 10\n\n"
      "Exit codes: 0 stopped, 1 could not start, 2 wrong usage, 3 no hub, 4 refused by the hub,\n"
      "5 crashed too often.");
}

// For the build: writes the page of these flags.
void write_manual(const CLI::App& app, const std::string& folder) {
  roundhouse::manual::Notes notes;
  notes.section = 8;
  notes.version = roundhouse::kVersion;
  notes.environment = {
      {"ROUNDHOUSE_CLUSTER", "The cluster where nothing else names one."},
      {"ROUNDHOUSE_DIR", "The folder of run directories."},
      {"ROUNDHOUSE_ENGINE_KEY", "Any key of the configuration: ROUNDHOUSE_ENGINE_SLOTS=4."}};
  notes.files = {{"engine.json", "In the run directory of the cluster: how to reach its hub."}};
  notes.see_also = {"roundhouse(1)", "roundhouse-hub(8)"};
  roundhouse::manual::write_pages(app, notes, folder);
}

// A time without a unit is in seconds.
std::string in_seconds(const std::string& time) {
  const bool bare = time.find_first_not_of("0123456789.") == std::string::npos;
  return time.empty() || !bare ? time : time + "s";
}

roundhouse::JsonConfig::Settings flags_of(const Options& o) {
  roundhouse::JsonConfig::Settings flags;
  const auto flag = [&flags](const char* key, const std::string& value) {
    if (!value.empty()) flags.emplace_back(key, value);
  };
  flag("cluster", o.cluster);
  flag("connection_file", o.connection_file);
  flag("slots", o.slots);
  flag("name", o.name);
  flag("wait", in_seconds(o.wait));
  flag("idle_timeout", in_seconds(o.idle_timeout));
  flag("log.level", o.log_level);
  if (o.no_shipped_modules) flags.emplace_back("shipped_modules", "false");
  if (o.no_source) flags.emplace_back("source", "false");
  if (o.no_commands) flags.emplace_back("commands", "false");
  for (const std::string& setting : o.settings) {
    const std::size_t equals = setting.find('=');
    flags.emplace_back(setting.substr(0, equals),
                       equals == std::string::npos ? "" : setting.substr(equals + 1));
  }
  return flags;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    Options options;
    CLI::App app{"Runs the tasks that a Roundhouse hub sends", "roundhouse-engine"};
    declare(app, options);
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& wrong) {
      return app.exit(wrong) == 0 ? 0 : engine::kUsageStatus;
    }
    if (!options.manual.empty()) return write_manual(app, options.manual), 0;
    if (!options.undertaker.empty()) return engine::run_undertaker(options.undertaker);
    auto config = engine::load_config(options.config_file, flags_of(options));
    if (!config) {
      std::fprintf(stderr, "roundhouse-engine: %s\n", config.error().text.c_str());
      return engine::kUsageStatus;
    }
    config->modules.insert(config->modules.end(), options.modules.begin(), options.modules.end());
    if (options.crowd > 0) return engine::run_crowd(*config, options.crowd);
    if (options.inherit.empty())
      return engine::run_nanny(*config, std::vector<std::string>(argv, argv + argc));
    engine::run_engine_process(*config, options.inherit);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "roundhouse-engine: %s\n", problem.what());
    return engine::exit_status(engine::Exit::failed);
  }
}
