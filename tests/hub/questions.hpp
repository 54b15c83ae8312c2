// Asking a router, in JSON.
#pragma once

#include <string>

#include <doctest/doctest.h>

#include "hub/memory_store.hpp"
#include "tests/support/hub_harness.hpp"
#include "tests/support/packed_json.hpp"

namespace roundhouse::test {

inline constexpr std::uint64_t kRequest = 7;

// What came back for the request, all of it.
inline std::vector<wire::Reply> replies_to(const FakeClient& client,
                                           std::uint64_t request = kRequest) {
  std::vector<wire::Reply> out;
  for (const wire::Reply& reply : client.inbox.all<wire::Reply>())
    if (reply.id == request) out.push_back(reply);
  return out;
}

inline void say(HubHarness& hub, const FakeClient& client, const std::string& verb,
                const std::string& body = "{}", std::uint64_t request = kRequest) {
  hub.say(client.control_link, wire::Request{request, verb, {packed(body)}});
}

// The last answer.
inline wire::Reply ask(HubHarness& hub, const FakeClient& client, const std::string& verb,
                       const std::string& body = "{}") {
  say(hub, client, verb, body);
  const auto replies = replies_to(client);
  REQUIRE_FALSE(replies.empty());
  return replies.back();
}

inline std::string id_of(const FakeClient& client, std::uint64_t sequence) {
  return to_string(TaskId{client.session, sequence});
}

// A store that has heard all that the router said so far, and its answer to the router's question.
inline Json stored_answer(HubHarness& hub) {
  REQUIRE_FALSE(hub.queries.empty());
  hub::MemoryStore store(hub::StoreOptions{});
  REQUIRE(store.commit(hub.facts).ok());
  const wire::Reply reply = store.answer(hub.queries.back());
  CHECK(reply.code == "");
  return unpacked(reply.body.bytes);
}

}  // namespace roundhouse::test
