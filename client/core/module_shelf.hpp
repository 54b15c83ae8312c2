// CORE. ModuleShelf: the modules that a session has shipped, offered to every hub that it meets.
//
// The bytes are kept for as long as the session lives, because a hub may ask for them again: one
// without a memory, or one that had no room. Which functions are in a build is known when the first
// engine has loaded it; a task is pinned to the builds that have its function, or may have it.
// Builds that others shipped can be pinned, too.
// Thread rule: one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/core/outbox.hpp"
#include "shared/content_hash.hpp"
#include "shared/message.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::client {

struct ShippedModule {
  ContentHash build;
  std::string name;
  std::uint64_t size = 0;
  bool everywhere = false;  // for all engines, also those that join later
  Frames parts;             // wire::cut_module
};

class ModuleShelf {
 public:
  enum class State : std::uint8_t {
    offered,  // the hub has not got all of it, or has not said so
    kept,
    refused,  // by the hub: see error(); no task is pinned to it
  };

  // Offers the module, at once when `connected`. One that was shipped before becomes the latest.
  void ship(ShippedModule module, bool connected, Outbox& out);

  // Means a build that the hub has from somebody else, with these functions: as if it had been
  // shipped, but it cannot be offered.
  void pin(const ContentHash& build, std::vector<std::string> tasks);

  // A new connection: offers them all.
  void on_welcome(Outbox& out);
  void on_want(const wire::Want& want, Outbox& out);
  void on_have(const wire::Have& have);

  // Nothing when it was never shipped.
  [[nodiscard]] std::optional<State> state(const ContentHash& build) const;
  // Why the hub refused it.
  [[nodiscard]] Error error(const ContentHash& build) const;

  // The builds that a task of this function is pinned to, the latest first; mostly none or one.
  [[nodiscard]] std::vector<ContentHash> builds_for(std::string_view function) const;

  // Changes whenever builds_for() may.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }

  [[nodiscard]] bool empty() const { return entries_.empty(); }

 private:
  struct Entry {
    ShippedModule module;
    State state = State::offered;
    bool fresh = true;               // the hub has not heard that it was shipped anew
    bool loads = true;               // false: engines have tried, and none could
    std::uint64_t sent = 0;          // bytes, since the hub last began to want it
    std::vector<std::string> tasks;  // sorted; empty: not known
    Error error;
  };

  [[nodiscard]] const Entry* find(const ContentHash& build) const;
  [[nodiscard]] Entry* find(const ContentHash& build);
  // Takes it out, if it is there, and puts `entry` last.
  void put_last(Entry entry);
  static void offer(const Entry& entry, Outbox& out);

  std::vector<Entry> entries_;  // in the order of shipping
  std::uint64_t generation_ = 0;
};

}  // namespace roundhouse::client
