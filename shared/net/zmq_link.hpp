// SHELL. A Link over sockets: a DEALER for tasks, a DEALER for control and, where asked, a SUB for
// notifications, each with a Monitor. The loss of any of them is the loss of the link.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "shared/connection_file.hpp"
#include "shared/net/link.hpp"
#include "shared/net/monitor.hpp"

namespace roundhouse::net {

struct LinkOptions {
  int control_messages_max = 10'000;  // waiting to leave; then would_block
  int notify_messages_max = 10'000;   // waiting to be received; then the newest are lost
  std::chrono::milliseconds connect_timeout{5000};
};

class ZmqLink final : public Link {
 public:
  // Begins to connect; state() tells how it went. Messages sent meanwhile wait. Of `info` only the
  // endpoints and the keys are looked at; without a notify endpoint there are no notifications.
  // The context outlives the link. Throws Exception as Socket and Socket::connect do.
  [[nodiscard]] static std::unique_ptr<ZmqLink> connect(Context& context,
                                                        const ConnectionInfo& info,
                                                        const LinkOptions& options = {});
  // close(0).
  ~ZmqLink() override;

  [[nodiscard]] SendResult send(wire::Plane plane, const wire::Message& message) override;
  [[nodiscard]] Receipt receive(wire::Plane plane, wire::Message& into) override;
  void subscribe(std::string_view topic) override;
  void unsubscribe(std::string_view topic) override;
  [[nodiscard]] bool receive(Notification& into) override;
  [[nodiscard]] PollItem task_item() const override;
  void add_control_items(std::vector<PollItem>& items) const override;
  [[nodiscard]] LinkState state() override;

  [[nodiscard]] const std::string& reason() const override { return reason_; }

  void close(std::chrono::milliseconds flush) override;

 private:
  struct Channel;

  ZmqLink() = default;

  [[nodiscard]] Channel& channel(wire::Plane plane) const;
  void take_events(Channel& channel);

  // Task side: the socket in here. Control side: everything else, its monitor included.
  std::unique_ptr<Channel> task_;
  std::unique_ptr<Channel> control_;
  std::unique_ptr<Channel> notify_;  // null when not asked for
  LinkState state_ = LinkState::connecting;
  std::string reason_;
  bool closed_ = false;  // written when both sides are quiet
};

}  // namespace roundhouse::net
