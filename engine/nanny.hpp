#pragma once

// SHELL. Nanny: the process above the engine's. Starts it, starts it again after a crash, tells the
// hub what a dead one left, and stops it when told to. What to do when is NannyCore's.
//
//   Nanny nanny(options, command, links_by_file(context, path));
//   Farewell farewell = nanny.run();       // until the engine is to be no more
//
// One thread, which takes over SIGTERM, SIGINT and SIGCHLD of the process: block them before any
// other thread is started. What the engine process leaves behind when it dies comes to this process
// (it is made their subreaper): programs that it ran are killed with their groups, and all reaped.

#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/nanny_core.hpp"
#include "engine/hub_link.hpp"
#include "engine/page.hpp"
#include "engine/process.hpp"

namespace roundhouse::engine {

// How to run the engine process.
struct EngineCommand {
  std::string program;                 // path
  std::vector<std::string> arguments;  // the first is the name; --inherit is added
  std::size_t ring_bytes = kRingBytesDefault;
};

// The signals that a nanny takes over.
[[nodiscard]] sigset_t nanny_signals();

class Nanny {
 public:
  // Precondition: nanny_signals() are blocked. Throws Exception(io_failed).
  Nanny(NannyOptions options, EngineCommand command, LinkMaker links);
  Nanny(const Nanny&) = delete;
  Nanny& operator=(const Nanny&) = delete;
  // Kills the engine process if it is still there, and what it runs.
  ~Nanny();

  // Told once, when a hub has welcomed the engine. Before run().
  void on_ready(std::function<void()> tell) { ready_ = std::move(tell); }

  // Until the engine ends for good. Call once.
  Farewell run();

 private:
  void turn();
  void take_signals();
  void look_at_process();
  void reap_orphans();
  void look_at_link();
  void carry_out();
  void start_process(std::uint32_t incarnation);
  void sleep();

  EngineCommand command_;
  LinkMaker links_;
  Uuid uuid_;
  std::function<void()> ready_;
  NannyCore core_;
  NannyOutbox out_;
  int signals_ = -1;
  std::unique_ptr<net::Link> link_;
  std::optional<Page> page_;  // of the present incarnation
  std::optional<Process> process_;
  std::optional<Farewell> farewell_;
};

}  // namespace roundhouse::engine
