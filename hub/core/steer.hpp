#pragma once

// CORE. Router::State::Steer: the rules of Steering. Only hub/core includes this.

#include <string>

#include "hub/core/request_body.hpp"
#include "hub/core/router_state.hpp"

namespace roundhouse::hub {

struct Router::State::Steer {
  State& s;

  static std::optional<SteerVerb> verb_of(std::string_view name);
  Result<void> begin(LinkId link, const wire::Request& request, SteerVerb verb, Now now,
                     Outbox& out);
  void on_acted(const Peer& peer, const wire::Acted& acted);
  // What has come of them; answers, and says when to look again.
  void run(Now now, Outbox& out);

  // Keepers come and go.
  void admit_keeper(PeerIndex index, const wire::Welcome& welcome, Now now, Outbox& out);
  void drop_keeper(const Peer& peer);
  [[nodiscard]] const LinkId* keeper_of(const Engine& engine) const;

 private:
  std::vector<Steered> choose(const RequestBody& asked, SteerVerb verb);
  [[nodiscard]] bool can_be_asked(const Engine& engine) const;
  void ask(SteerJob& job, std::uint64_t id, Steered& part, std::uint32_t signal, Outbox& out);
  void ask_engine(SteerJob& job, std::uint64_t id, Steered& part, const Engine& engine,
                  Outbox& out);
  void ask_keeper(SteerJob& job, std::uint64_t id, Steered& part, const Engine& engine,
                  std::uint32_t signal, Outbox& out);
  void dismiss(Steered& part, Engine& engine, Outbox& out);
  void look_at(SteerJob& job, std::uint64_t id, Steered& part, Now now, Outbox& out);
  bool follow(std::uint64_t id, SteerJob& job, Now now, Outbox& out);
  void replace(Steered& part, Engine& engine, std::uint64_t id, Outbox& out);
  void answer(const SteerJob& job, Outbox& out);
};

}  // namespace roundhouse::hub
