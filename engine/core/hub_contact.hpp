#pragma once

// CORE. HubContact: one peer's side of PROTOCOL 1: hello on both planes, welcome, beats, silence,
// back-off and connecting anew. Session (an engine) and NannyCore share it.
//
// It asks for links (Outbox::connect) and gives them up (Outbox::close); losing any plane is losing
// the link. Its owner says what belongs into hello and acts on the returned news.
// Thread rule: plain value of its core.

#include <cstdint>
#include <optional>
#include <string>

#include "engine/core/outbox.hpp"
#include "shared/message.hpp"
#include "shared/time.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::engine {

inline constexpr Duration kBackOffMin = std::chrono::milliseconds{20};
// Well below the grace of a new hub (500 ms by default): an engine that tried right before the hub
// was there has to be back within it, or its work is run twice.
inline constexpr Duration kBackOffMax = std::chrono::milliseconds{150};
// From hello to both welcomes, doubled with each try. The first is well below the time after which
// a hub gives a silent engine up, so that a hello that is lost with its connection does not lose
// the engine, too.
inline constexpr Duration kGreetingMin = std::chrono::seconds{1};
inline constexpr Duration kGreetingMax = std::chrono::seconds{8};
inline constexpr std::uint64_t kMalformedMax = 16;  // in a row close the link

class HubContact {
 public:
  enum class State : std::uint8_t {
    away,        // no link; the next attempt is at retry_at
    connecting,  // asked the shell for a link
    greeting,    // said hello, not yet welcome on both planes
    welcome,     // usable
    over,        // given up for good
  };

  // What a message was, for the owner.
  enum class News : std::uint8_t {
    none,             // dealt with here: beats, who, refusals
    welcome_task,     // the task plane may be used: resend what is not stored
    welcome_control,  // the control plane may be used
    goodbye,          // the hub sends the peer away
    refused,          // the hub will not serve this peer: text()
    other,            // the owner's business; only with State greeting or welcome on that plane
  };

  struct Terms {
    // Without any welcome so far: give up when a try fails and so much time has passed. Nothing:
    // never.
    std::optional<Duration> first_wait;
    // Later: the same, since the last welcome was lost.
    std::optional<Duration> hub_timeout;
    std::uint64_t epoch = 0;  // of the hub that an earlier incarnation saw last
  };

  HubContact(const Terms& terms, TimePoint now);

  // Asks for the first link.
  void start(TimePoint now, Outbox& out);
  // The shell made the link that was asked for (it may still be connecting): says hello on both
  // planes. `connection` is random and fresh; `hello.connection` and `.epoch` are filled in here.
  void on_link(std::uint64_t connection, wire::Hello hello, TimePoint now, Outbox& out);
  // The link is lost, or could not be made. Ignored without one.
  void on_link_lost(TimePoint now, Outbox& out);
  // Any message of the present link. For News::other nothing was decoded yet but `kind`. Welcome
  // messages are kept in welcome().
  News on_message(wire::Plane plane, wire::Kind kind, const wire::Message& message, TimePoint now,
                  Outbox& out);
  // Whatever could not be decoded: counted, answered `refused`, and the link is given up after
  // kMalformedMax in a row.
  void on_malformed(wire::Plane plane, const Error& error, TimePoint now, Outbox& out);

  // Whether a message that is none, for this reason, is a hub's answer to hello in the words of
  // another version of the protocol: it will never be understood.
  [[nodiscard]] bool is_foreign(const Error& error) const {
    return error.code == Errc::version && !task_welcome_ && !control_welcome_;
  }

  // A message of the owner's was well formed.
  void on_sound() { malformed_in_a_row_ = 0; }

  // Call after draining the control plane. Beats, silence, retries, giving up.
  void on_tick(TimePoint now, Outbox& out);
  // Closes the link and connects anew after the back-off. `why` is for people.
  void reconnect(std::string why, TimePoint now, Outbox& out);
  // Closes the link, for good.
  void leave(Outbox& out);

  [[nodiscard]] std::optional<TimePoint> next_deadline() const;

  [[nodiscard]] State state() const { return state_; }

  [[nodiscard]] bool has_link() const {
    return state_ == State::greeting || state_ == State::welcome;
  }

  // The hub may be sent what belongs on this plane.
  [[nodiscard]] bool usable(wire::Plane plane) const {
    return has_link() && (plane == wire::Plane::task ? task_welcome_ : control_welcome_);
  }

  [[nodiscard]] const wire::Welcome& welcome() const { return welcome_; }

  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }  // the highest one seen; 0: none

  [[nodiscard]] std::uint64_t connections() const { return connections_; }  // welcomes so far

  [[nodiscard]] std::uint64_t malformed() const { return malformed_; }

  [[nodiscard]] const std::string& text() const { return text_; }  // why the last link ended

  // Too long without the hub: the owner ends.
  [[nodiscard]] bool given_up() const { return given_up_; }

  void check_invariants() const;

 private:
  News on_welcome(wire::Plane plane, const wire::Message& message, TimePoint now, Outbox& out);
  News on_refused(wire::Plane plane, const wire::Message& message, TimePoint now, Outbox& out);
  void lost(std::string why, TimePoint now);
  void beat_and_listen(TimePoint now, Outbox& out);
  [[nodiscard]] Duration heartbeat() const;
  [[nodiscard]] Duration dead() const;

  Terms terms_;
  State state_ = State::away;
  bool task_welcome_ = false;
  bool control_welcome_ = false;
  bool given_up_ = false;
  wire::Welcome welcome_;
  std::uint64_t epoch_ = 0;
  std::uint64_t connections_ = 0;
  std::uint64_t malformed_ = 0;
  std::uint64_t malformed_in_a_row_ = 0;
  std::uint64_t beats_ = 0;
  std::string text_;
  Duration back_off_ = kBackOffMin;
  Duration greeting_ = kGreetingMin;  // patience with the next hello
  Duration silence_{0};               // counted in ticks, none for longer than a beat
  TimePoint away_since_;              // of the present spell without a welcome
  TimePoint retry_at_;                // State::away
  TimePoint greeting_until_;          // State::greeting
  TimePoint next_beat_;               // State::welcome
  TimePoint last_tick_;
};

}  // namespace roundhouse::engine
