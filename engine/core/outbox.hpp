#pragma once

// CORE. Outbox: what a core of the engine or of its nanny wants done, as data. The shell carries it
// out in this order: sends, close, connect, start and the rest, exit.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/content_hash.hpp"
#include "shared/message.hpp"

namespace roundhouse::engine {

// Why a process of the engine ends on purpose.
enum class Exit : std::uint8_t {
  dismissed,   // the hub said goodbye
  stopped,     // somebody asked (SIGTERM, SIGINT)
  failed,      // could not start: options, configuration, a module, the operating system
  no_hub,      // there is none, or it stayed away for longer than allowed
  refused,     // the hub sent the engine away, and says why
  crash_loop,  // crashed too often: given up
  overran,     // the process alone: a task went on past its time limit; the next one follows
};

[[nodiscard]] std::string_view to_string(Exit exit);
// The exit status of roundhouse-engine: 0 for the first two, then 1, 3, 4, 5 (2 is a usage error);
// 6 for the engine's process alone.
[[nodiscard]] int exit_status(Exit exit);

struct Send {
  wire::Plane plane = wire::Plane::task;
  wire::Message message;
};

// A module, whole, to be loaded.
struct ModuleBytes {
  ContentHash build;
  std::string name;
  std::uint64_t order = 0;
  std::uint64_t size = 0;
  Frames parts;
};

// The hub's order of a module changed.
struct ModuleOrder {
  ContentHash build;
  std::uint64_t order = 0;
};

struct Farewell {
  Exit exit = Exit::stopped;
  std::string text;  // one line for people
  friend bool operator==(const Farewell&, const Farewell&) = default;
};

struct Outbox {
  std::vector<Send> sends;         // in order, each on its plane of the present link
  bool close = false;              // close the present link, letting what was sent leave
  bool connect = false;            // make a new link (reading the connection file again): on_link()
  std::vector<ModuleBytes> loads;  // load these, and say so: Session::on_module_loaded()
  std::vector<ModuleOrder> orders;
  std::vector<std::uint32_t> stops;   // ask what these slots run to stop: its time is up
  std::vector<std::uint64_t> clears;  // empty the namespace between two tasks: on_cleared()
  // Slots whose tasks have to be stopped with the process: Session::end_overdue() for each, then
  // Session::on_overrun().
  std::vector<std::uint32_t> overdue;
  std::optional<Farewell> exit;  // end the process; nothing follows

  [[nodiscard]] bool empty() const {
    return sends.empty() && !close && !connect && loads.empty() && orders.empty() &&
           stops.empty() && clears.empty() && overdue.empty() && !exit;
  }

  void clear() {
    sends.clear(), loads.clear(), orders.clear(), stops.clear(), clears.clear();
    overdue.clear();
    close = connect = false;
    exit.reset();
  }

  template <class M>
  void send(wire::Plane plane, const M& message) {
    sends.push_back({plane, wire::encode(message)});
  }
};

}  // namespace roundhouse::engine
