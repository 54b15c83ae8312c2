#pragma once

// CORE. How modules travel, from client to hub and from hub to engines: an offer says which build
// there is, a want which bytes of it are lacking, a part brings some, a have says what came of it.
// PROTOCOL.md 13 has the rules; message.hpp encodes these like all map messages.
// Thread rule: plain values.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "shared/content_hash.hpp"
#include "shared/wire.hpp"

namespace roundhouse::wire {

inline constexpr std::size_t kModuleBytesMax = 256U << 20U;  // one module
inline constexpr std::size_t kPartBytesMax = 1U << 20U;      // every part but the last has so many
inline constexpr std::size_t kPartWindowBytes = 8U << 20U;   // may be sent beyond what was wanted
inline constexpr std::size_t kModuleNameMax = 255;
inline constexpr std::size_t kBuildsMax = 64;  // of one template
// A have that would be longer says nothing of the tasks of its module.
inline constexpr std::size_t kTaskNamesBytesMax = 256U << 10U;

// Client to hub, and hub to engine: this build can be had. Repeated on each new connection.
struct Offer {
  static constexpr Kind kKind = Kind::offer;
  ContentHash build;
  std::string name;  // the file's, for people
  std::uint64_t size = 0;
  std::uint64_t order = 0;  // from the hub: of two builds with one function the later one is used
  bool everywhere = false;  // from a client: for all engines, also those that join later
  bool fresh = false;       // from a client: loaded now, not only said again
  bool withdrawn = false;   // from the hub: it cannot be had any more, do not wait for it
  friend bool operator==(const Offer&, const Offer&) = default;

  template <class Self, class V>
  static void fields(Self& m, V&& v) {
    v("build", m.build), v("name", m.name), v("size", m.size), v("order", m.order);
    v("everywhere", m.everywhere), v("fresh", m.fresh);
    v("withdrawn", m.withdrawn);
  }
};

// The answer of who lacks it: everything before `from` has come, and kPartWindowBytes from there on
// may be sent.
struct Want {
  static constexpr Kind kKind = Kind::want;
  ContentHash build;
  std::uint64_t from = 0;
  friend bool operator==(const Want&, const Want&) = default;

  template <class Self, class V>
  static void fields(Self& m, V&& v) {
    v("build", m.build), v("from", m.from);
  }
};

// Some of the bytes, in order, as the one bulk frame of the message.
struct Part {
  static constexpr Kind kKind = Kind::part;
  ContentHash build;
  std::uint64_t at = 0;
  friend bool operator==(const Part&, const Part&) = default;

  template <class Self, class V>
  static void fields(Self& m, V&& v) {
    v("build", m.build), v("at", m.at);
  }
};

// Engine to hub: it is loaded, or (with a code) it cannot be. Hub to client: the hub keeps it, or
// (`kept` false, with a code) does not; and again when the first engine has loaded it, or failed to
// while no other has.
struct Have {
  static constexpr Kind kKind = Kind::have;
  ContentHash build;
  std::string name;
  std::uint64_t size = 0;
  bool kept = false;
  std::string code;  // Errc's name; empty when all is well
  std::string text;
  std::vector<std::string> tasks;  // names of its functions; empty: not known
  bool own = false;                // from an engine: it was started with it
  friend bool operator==(const Have&, const Have&) = default;

  template <class Self, class V>
  static void fields(Self& m, V&& v) {
    v("build", m.build), v("name", m.name), v("size", m.size), v("kept", m.kept);
    v("code", m.code), v("text", m.text), v("tasks", m.tasks), v("own", m.own);
  }
};

// The bytes of a module as they travel: pieces of kPartBytesMax, the last one shorter.
[[nodiscard]] Frames cut_module(std::string_view bytes);

}  // namespace roundhouse::wire
