#pragma once

// What clients and engines say about modules, in short, for the tests of the hub's core.

#include <string>
#include <vector>

#include "tests/support/hub_harness.hpp"

namespace roundhouse::test {

// A hub whose peers may be silent for as long as the test likes.
inline hub::RouterOptions patient() {
  hub::RouterOptions options;
  options.dead = std::chrono::hours{1};
  return options;
}

inline const std::string kBytes(3 * wire::kPartBytesMax + 100, 'm');
inline const ContentHash kBuild = content_hash(kBytes);

inline wire::Offer offer_of(const std::string& bytes, bool everywhere = true, bool fresh = true) {
  wire::Offer offer;
  offer.build = content_hash(bytes), offer.name = "tasks.so", offer.size = bytes.size();
  offer.everywhere = everywhere, offer.fresh = fresh;
  return offer;
}

inline wire::Have have_of(const ContentHash& build, const std::string& code = {}) {
  wire::Have have;
  have.build = build, have.name = "tasks.so", have.code = code;
  have.text = code.empty() ? "" : "it cannot";
  if (code.empty()) have.tasks = {"f"};
  return have;
}

inline void send_part(HubHarness& hub, const FakeClient& client, const std::string& bytes,
                      std::uint64_t at) {
  wire::Message message = wire::encode(wire::Part{content_hash(bytes), at});
  message.frames.push_back(Buffer::copy(std::string_view(bytes).substr(at, wire::kPartBytesMax)));
  hub.send(client.task_link, message);
}

// Offers the module and sends all of it, without being asked.
inline void ship(HubHarness& hub, const FakeClient& client, const std::string& bytes = kBytes,
                 bool everywhere = true) {
  hub.say(client.task_link, offer_of(bytes, everywhere));
  for (std::uint64_t at = 0; at < bytes.size(); at += wire::kPartBytesMax)
    send_part(hub, client, bytes, at);
}

// The engine asks for the module and has then loaded it, or not.
inline void takes(HubHarness& hub, const FakeEngine& engine, const ContentHash& build = kBuild,
                  const std::string& code = {}) {
  hub.say(engine.task_link, wire::Want{build, 0});
  hub.say(engine.task_link, have_of(build, code));
}

// The engine asks for the module, and its process dies of it.
inline void dies_of(HubHarness& hub, FakeEngine& engine, const ContentHash& build = kBuild) {
  hub.say(engine.task_link, wire::Want{build, 0});
  hub.breaks(engine);
  hub.nanny_speaks(engine);
  wire::Died died;
  died.signal = 6, died.loading = build;
  hub.say(engine.task_link, died);
}

}  // namespace roundhouse::test
