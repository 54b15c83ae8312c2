#pragma once

// A chaos run: a cluster and clients of its own, the faults that a seed draws, and the evidence.
//
// Thread rule: one thread, the program's main one; SIGINT and SIGTERM end a run in good order.

#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/chaos/judge.hpp"
#include "tests/chaos/options.hpp"
#include "tests/chaos/processes.hpp"
#include "tests/sim/prng.hpp"
#include <roundhouse/cluster.hpp>

namespace roundhouse::chaos {

// SIGINT or SIGTERM came.
struct Interrupted {};

// Something that should come did not: the run cannot be judged, or goes on no more.
struct Stuck {
  std::string what;
};

class Run {
 public:
  // Starts the cluster and its clients, in `folder`, which ROUNDHOUSE_DIR and XDG_STATE_HOME are
  // in. Throws as Cluster does; Interrupted.
  Run(const Options& options, std::string folder);
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  // Everything is gone then.
  ~Run();

  // All faults, and until every client has what it is owed. Throws Stuck and Interrupted.
  void wreak_havoc();

  // What there is to judge; after Stuck, too. Without the database, if the hub does not answer:
  // then `problem` says so.
  [[nodiscard]] Evidence gather(std::string& problem);

  // When the run was stuck: the processes, for people.
  [[nodiscard]] std::string describe_processes() const;

 private:
  struct ClientProcess {
    pid_t pid = 0;
    std::uint64_t generation = 0;
  };

  void start_client(std::uint64_t index);
  void begin_fault(FaultKind kind);
  void hit(FaultKind kind, Fault& fault);
  void hit_client();
  void freeze(FaultKind kind, Fault& fault);
  void await_resumption(Fault& fault);
  void follow_clients();
  void repair(pid_t killed_nanny);
  void drain();
  [[nodiscard]] FaultKind draw_kind();
  // Waits until there are such processes.
  [[nodiscard]] EngineProcesses pick_engine();
  [[nodiscard]] pid_t find_hub();
  void look_at_clients();
  void read_records(Evidence& evidence);
  void keep_traces() const;

  const Options options_;
  const std::string folder_;
  Board& board_;
  sim::Prng prng_;
  Cluster cluster_;
  pid_t supervisor_ = 0;
  std::vector<ClientProcess> clients_;
  std::vector<Fault> faults_;
};

// From now on SIGINT and SIGTERM are noticed by check_interrupted(), which throws Interrupted.
void notice_interrupts();
void check_interrupted();

}  // namespace roundhouse::chaos
