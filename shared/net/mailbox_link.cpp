#include "shared/net/mailbox_link.hpp"

#include <algorithm>
#include <atomic>
#include <limits>
#include <string>
#include <variant>

#include "shared/check.hpp"
#include "shared/mailbox.hpp"

namespace roundhouse::net {

namespace {

constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

// The next item of a mailbox, by way of `taken`, where what was taken at once waits its turn.
template <class T>
bool take_one(Mailbox<T>& mailbox, std::vector<T>& taken, std::size_t& next, T& into) {
  if (next == taken.size()) {
    mailbox.take_all(taken);
    next = 0;
    if (taken.empty()) return false;
  }
  into = std::move(taken[next++]);
  return true;
}

struct Left {};

}  // namespace

// Owned by the door and by the link: whichever goes last frees it.
struct MailboxDoor::Peer {
  Peer(PeerId number, const DoorOptions& options)
      : id(number), control(options.control_messages_max), notes(options.notify_messages_max) {}

  // Either side ends it; the other sees it at its next look.
  void end() {
    gone = true;
    changed.wake();
  }

  const PeerId id;
  Mailbox<wire::Message> task{kUnlimited};
  Mailbox<wire::Message> control;
  Mailbox<Notification> notes;
  std::atomic<bool> gone{false};
  WakeFd changed;                   // tells the link's control side of `gone`
  std::vector<std::string> topics;  // owned by the door's loop; one entry per subscribe
};

// Owned by the door and by every link, which may outlive the door.
struct MailboxDoor::Shared {
  using Event = std::variant<std::shared_ptr<Peer>, Subscription, Left>;

  explicit Shared(const DoorOptions& options) : control(options.control_messages_max) {}

  Mailbox<Incoming> task{kUnlimited};
  Mailbox<Incoming> control;
  Mailbox<std::pair<PeerId, Event>> events{kUnlimited};
  std::atomic<std::uint32_t> peers{0};
};

class MailboxDoor::End final : public Link {
 public:
  End(std::shared_ptr<Shared> shared, std::shared_ptr<Peer> peer)
      : shared_(std::move(shared)), peer_(std::move(peer)) {}

  ~End() override { leave(); }

  SendResult send(wire::Plane plane, const wire::Message& message) override {
    RH_CHECK(plane != wire::Plane::notify);
    if (peer_->gone) return SendResult::unroutable;
    auto& box = plane == wire::Plane::task ? shared_->task : shared_->control;
    return box.try_push(Incoming{peer_->id, message}) ? SendResult::sent : SendResult::would_block;
  }

  Receipt receive(wire::Plane plane, wire::Message& into) override {
    RH_CHECK(plane != wire::Plane::notify);
    const bool task = plane == wire::Plane::task;
    const bool got = task ? take_one(peer_->task, task_, task_next_, into)
                          : take_one(peer_->control, control_, control_next_, into);
    if (got) return Receipt::message;
    into = {};
    return Receipt::nothing;
  }

  void subscribe(std::string_view topic) override { tell(Subscription{true, std::string(topic)}); }

  void unsubscribe(std::string_view topic) override {
    tell(Subscription{false, std::string(topic)});
  }

  bool receive(Notification& into) override {
    return take_one(peer_->notes, notes_, notes_next_, into);
  }

  PollItem task_item() const override { return PollItem::readable(peer_->task.fd()); }

  void add_control_items(std::vector<PollItem>& items) const override {
    items.push_back(PollItem::readable(peer_->control.fd()));
    items.push_back(PollItem::readable(peer_->notes.fd()));
    items.push_back(PollItem::readable(peer_->changed.fd()));
  }

  LinkState state() override {
    if (!peer_->gone) return LinkState::up;
    peer_->changed.clear();
    if (reason_.empty()) reason_ = "the hub in this process ended the connection";
    return LinkState::down;
  }

  const std::string& reason() const override { return reason_; }

  // What was sent is with the door already: there is nothing to flush.
  void close(std::chrono::milliseconds /*flush*/) override {
    if (reason_.empty()) reason_ = "closed";
    leave();
  }

 private:
  void tell(Shared::Event event) {
    if (!peer_->gone) RH_CHECK(shared_->events.try_push({peer_->id, std::move(event)}));
  }

  void leave() {
    tell(Left{});
    peer_->end();
  }

  const std::shared_ptr<Shared> shared_;
  const std::shared_ptr<Peer> peer_;
  // Task side.
  std::vector<wire::Message> task_;
  std::size_t task_next_ = 0;
  // Control side.
  std::vector<wire::Message> control_;
  std::size_t control_next_ = 0;
  std::vector<Notification> notes_;
  std::size_t notes_next_ = 0;
  std::string reason_;
};

MailboxDoor::MailboxDoor(const DoorOptions& options)
    : options_(options), shared_(std::make_shared<Shared>(options)) {}

MailboxDoor::~MailboxDoor() {
  take_events();
  for (const auto& [id, peer] : peers_) peer->end();
}

std::unique_ptr<Link> MailboxDoor::connect() {
  auto peer = std::make_shared<Peer>(PeerId{++shared_->peers}, options_);
  auto link = std::make_unique<End>(shared_, peer);
  const PeerId id = peer->id;
  RH_CHECK(shared_->events.try_push({id, Shared::Event(std::move(peer))}));
  return link;
}

SendResult MailboxDoor::send(wire::Plane plane, PeerId peer, const wire::Message& message) {
  RH_CHECK(plane != wire::Plane::notify);
  take_events();
  const auto found = peers_.find(peer);
  if (found == peers_.end() || found->second->gone) return SendResult::unroutable;
  auto& box = plane == wire::Plane::task ? found->second->task : found->second->control;
  return box.try_push(message) ? SendResult::sent : SendResult::would_block;
}

Receipt MailboxDoor::receive(wire::Plane plane, Incoming& into) {
  RH_CHECK(plane != wire::Plane::notify);
  const bool got = plane == wire::Plane::task
                       ? take_one(shared_->task, task_.mail, task_.next, into)
                       : take_one(shared_->control, control_.mail, control_.next, into);
  if (got) return Receipt::message;
  into.message = {};
  return Receipt::nothing;
}

void MailboxDoor::publish(std::string_view topic, const Buffer& body) {
  take_events();
  const auto begins = [topic](const std::string& prefix) { return topic.starts_with(prefix); };
  for (const auto& [id, peer] : peers_) {
    if (!std::any_of(peer->topics.begin(), peer->topics.end(), begins)) continue;
    // A full box means that this one misses a hint, and sees the gap in their numbers.
    static_cast<void>(peer->notes.try_push(Notification{std::string(topic), body}));
  }
}

std::optional<std::pair<PeerId, Subscription>> MailboxDoor::next_subscription() {
  take_events();
  if (subscriptions_.empty()) return std::nullopt;
  auto first = std::move(subscriptions_.front());
  subscriptions_.pop_front();
  return first;
}

std::optional<PeerId> MailboxDoor::next_lost() {
  take_events();
  if (lost_.empty()) return std::nullopt;
  const PeerId peer = lost_.front();
  lost_.pop_front();
  return peer;
}

bool MailboxDoor::disconnect(PeerId peer) {
  take_events();
  const auto node = peers_.extract(peer);
  if (node.empty()) return false;
  node.mapped()->end();
  lost_.push_back(peer);
  return true;
}

std::vector<PollItem> MailboxDoor::poll_items() const {
  return {PollItem::readable(shared_->task.fd()), PollItem::readable(shared_->control.fd()),
          PollItem::readable(shared_->events.fd())};
}

void MailboxDoor::take_events() {
  for (auto& [id, event] : shared_->events.take_all()) {
    if (auto* joined = std::get_if<std::shared_ptr<Peer>>(&event)) {
      peers_.emplace(id, std::move(*joined));
      continue;
    }
    const auto found = peers_.find(id);
    if (found == peers_.end()) continue;  // disconnected meanwhile
    auto* change = std::get_if<Subscription>(&event);
    if (change == nullptr) {
      peers_.erase(found);
      lost_.push_back(id);
      continue;
    }
    auto& topics = found->second->topics;
    const auto known = std::find(topics.begin(), topics.end(), change->topic);
    if (change->subscribe) {
      topics.push_back(change->topic);
    } else {
      if (known == topics.end()) continue;
      topics.erase(known);
      if (std::find(topics.begin(), topics.end(), change->topic) != topics.end()) continue;
    }
    subscriptions_.emplace_back(id, std::move(*change));
  }
}

}  // namespace roundhouse::net
