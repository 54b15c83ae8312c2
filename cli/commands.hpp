// One function per command of `roundhouse`. Each prints what it has to say to `out` and returns;
// what goes wrong is an exception, which main() turns into one line and an exit code.
//
// Not thread-safe; called once per process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/filter.hpp"
#include "cli/output.hpp"
#include "shared/time.hpp"

namespace roundhouse::cli {

// The exit codes of `roundhouse`, as its help tells them.
enum class Exit : int { success = 0, failure = 1, usage = 2, no_hub = 3, already_running = 4 };

// What the command line says to do cannot be done so: exit code 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct StartOptions {
  std::string cluster;  // empty: $ROUNDHOUSE_CLUSTER, or "default"
  std::size_t engines = 1;
  std::vector<std::string> modules;
  std::uint32_t slots = 1;
  std::string store;  // here and below empty: the hub's default
  std::string durability;
  std::string listen;
  std::string policy;
  std::string hub_config;
  std::string engine_config;
  std::vector<std::string> hub_settings;  // "KEY=VALUE"
  std::vector<std::string> engine_settings;
  bool foreground = false;
  Duration timeout = std::chrono::seconds{30};
};

// Starts a hub with its supervisor, and engines, and returns when all are there; in the foreground
// when they have been stopped again by a signal.
void start(const StartOptions& options, Output& out);

struct StopOptions {
  std::string cluster;
  bool all = false;  // every cluster of this user
  Duration timeout = std::chrono::seconds{30};
};

void stop(const StopOptions& options, Output& out);

// The clusters of this user on this machine.
void list(Output& out);

// What the commands that ask a hub have in common.
struct AskOptions {
  std::string cluster;
  Duration timeout = std::chrono::seconds{10};
};

// What the words in the tables of the next two mean, for their help.
[[nodiscard]] std::string status_words();

void status(const AskOptions& options, Output& out);
void engines(const AskOptions& options, Output& out);

struct PolicyOptions {
  AskOptions ask;
  std::string name;  // empty: only say which it is
};

// Which engine is given a task, or another rule for it from now on.
void policy(const PolicyOptions& options, Output& out);

void modules(const AskOptions& options, Output& out);

struct RemoveModuleOptions {
  AskOptions ask;
  std::string build;  // its first digits
};

// The hub forgets it.
void remove_module(const RemoveModuleOptions& options, Output& out);

struct LoadOptions {
  AskOptions ask;
  std::string path;
};

// Ships a module to all engines. Throws when one of them cannot load it, after it has told of all.
void load(const LoadOptions& options, Output& out);

struct AddEnginesOptions {
  AskOptions ask;
  std::size_t count = 0;  // 0: not said
};

// Engines like those that the cluster was started with. Throws UsageError when it is not said how
// many.
void add_engines(const AddEnginesOptions& options, Output& out);

struct TasksOptions {
  AskOptions ask;
  TaskFilter filter;
  std::size_t limit = 100;
};

// What waits and what runs, the oldest first.
void tasks(const TasksOptions& options, Output& out);

struct HistoryOptions {
  AskOptions ask;
  TaskFilter filter;
  std::size_t limit = 20;
  std::string before;  // an id; empty: from the newest
};

// All tasks, the newest first.
void history(const HistoryOptions& options, Output& out);

struct ResultOptions {
  AskOptions ask;
  std::vector<std::string> ids;  // msg_ids, "last" or "last:N"
  std::string wait;              // empty: not; "true": until they have ended; so long: "10s"
};

void result(const ResultOptions& options, Output& out);

struct ExplainOptions {
  AskOptions ask;
  std::string id;  // as above
};

// Says in a sentence why a task waits, runs or failed, and what each engine lacks for it.
void explain(const ExplainOptions& options, Output& out);

struct PurgeCommand {
  AskOptions ask;
  std::vector<std::string> ids;  // as above
  std::string engines;           // "0,2-5", "last", "all"
  std::optional<Duration> older_than;
  std::string where;  // JSON
  bool all = false;
};

// Exactly one of them; throws UsageError else.
void purge(const PurgeCommand& options, Output& out);

struct AbortOptions {
  AskOptions ask;
  std::vector<std::string> ids;  // as above
  std::string session;           // 16 digits, or the id of one of its tasks
  bool all = false;
  std::string wait;  // as below
};

// Exactly one of them; throws UsageError else.
void abort(const AbortOptions& options, Output& out);

struct SteerOptions {
  AskOptions ask;
  std::vector<std::string> ids;  // of `interrupt`: as above
  std::string engines;           // "0,2-5", "last", "all"
  std::string signal;            // "USR1", "SIGUSR1", "10"
  bool hub = false;              // of `shutdown`
  bool no_wait = false;
  Duration wait = std::chrono::seconds{5};
};

// Each says of every engine what it did, and fails when one has not done it in time.
void interrupt(const SteerOptions& options, Output& out);
void send_signal(const SteerOptions& options, Output& out);
void restart(const SteerOptions& options, Output& out);
void clear(const SteerOptions& options, Output& out);
void shutdown(const SteerOptions& options, Output& out);

struct ResubmitOptions {
  AskOptions ask;
  std::vector<std::string> ids;  // as above
  std::string wait;              // empty: not; "true": until they have ended; so long: "10s"
};

// Calls the same again. Prints the new ids.
void resubmit(const ResubmitOptions& options, Output& out);

struct CallOptions {
  AskOptions ask;
  std::string function;
  std::vector<std::string> words;  // arguments: see call_words.hpp
  std::string engines;             // "0,2-5", "last", "all"; empty: the scheduler chooses
  std::string label;
  // Where the scheduler chooses, as BalancedOptions has them; ids with commas or blanks between.
  std::uint32_t retries = 0;
  std::int32_t priority = 0;
  std::string after;
  std::string follow;
  std::optional<Duration> dependency_timeout;
  std::optional<Duration> time_limit;
  std::optional<Duration> limit;  // for the results; nothing: as long as it takes
  bool leave = false;             // prints the ids and does not wait
};

// Calls a function by its name and prints what it gives, as JSON. Throws what it ended with.
void apply(const CallOptions& options, Output& out);

struct MapOptions : CallOptions {
  std::size_t chunk = 1;  // elements for a task
  bool unordered = false;
};

// Calls a function for each element of sequences and prints one line of JSON for each, as they
// come. Errors are told as they come, too, and it throws behind the last one.
void map(const MapOptions& options, Output& out);

struct SubmitOptions : CallOptions {  // `words` are the program and its arguments
  std::string array;                  // "1-1000", empty: none
  std::string each_line;              // a file, "-": standard input; empty: none
  std::string cwd;
  std::vector<std::string> env;  // "NAME=VALUE"
  std::string input;             // a file, "-"; empty: none
  bool keep_order = false;
};

// Runs a program on an engine, once or for each number or line, and prints what it prints. Returns
// the exit status of one command; of many it throws behind the last when some failed.
int submit(const SubmitOptions& options, Output& out);

struct NamesOptions {
  AskOptions ask;
  std::vector<std::string> words;  // NAME=VALUE to push, names to pull
  std::string engines = "all";
};

void push(const NamesOptions& options, Output& out);
void pull(const NamesOptions& options, Output& out);

struct SourceOptions {
  AskOptions ask;
  std::vector<std::string> words;  // inputs; of run: its file
  std::string engines = "all";
  std::string label;
  std::optional<Duration> time_limit;
  std::optional<Duration> limit;  // for the results; nothing: as long as it takes
};

// Have engines compile and run C++ source, and print what it prints and gives. Throw what the first
// input that failed ended with, after its diagnostics were printed; later ones are not sent.
void exec(const SourceOptions& options, Output& out);
void run(const SourceOptions& options, Output& out);

struct ConsoleOptions : SourceOptions {  // without `words` and `limit`
  bool no_history = false;
};

// Runs what is typed, or piped, as exec does, and goes on after errors. Returns the exit status.
int console(const ConsoleOptions& options, Output& out);

struct BenchOptions {
  std::size_t pairs = 0;  // 0: as many as are good
  Duration span{};        // of one run; 0: as long as is good
};

struct RestartOptions {
  std::size_t queued = 0;  // 0: 100,000, and then 1,000,000
  std::size_t kills = 0;   // 0: as many as are good
};

struct WaitingOptions : BenchOptions {
  std::size_t waiting = 0;  // 0: 10,000, and 1,000,000
};

struct EnginesOptions : BenchOptions {
  std::size_t engines = 0;  // 0: 1,000
};

// Each starts what it needs in a folder of its own and leaves nothing behind.
void bench_latency(const BenchOptions& options, Output& out);
void bench_throughput(const BenchOptions& options, Output& out);
void bench_graphs(const BenchOptions& options, Output& out);
void bench_commands(const BenchOptions& options, Output& out);
void bench_source(const BenchOptions& options, Output& out);
void bench_restart(const RestartOptions& options, Output& out);
void bench_engines(const EnginesOptions& options, Output& out);

struct ControlBench {
  std::size_t rounds = 0;  // 0: as many as are good
  std::size_t queued = 0;  // 0: 100,000
};

void bench_control(const ControlBench& options, Output& out);
void bench_waiting(const WaitingOptions& options, Output& out);

}  // namespace roundhouse::cli
