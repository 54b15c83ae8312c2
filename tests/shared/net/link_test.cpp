// What both kinds of Link promise, told once for both, and what is special to each.
#include "shared/net/link.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "shared/net/mailbox_link.hpp"
#include "shared/net/peer_watch.hpp"
#include "shared/net/zmq_link.hpp"
#include "tests/shared/net/net_support.hpp"
#include "tests/support/temp_dir.hpp"

using namespace roundhouse::net;
using roundhouse::Buffer;
using roundhouse::test::message;
using roundhouse::test::text;
using roundhouse::wire::Message;
using roundhouse::wire::Plane;

namespace {

// The hub's end of one link, over either transport.
class HubEnd {
 public:
  virtual ~HubEnd() = default;
  virtual std::unique_ptr<Link> connect() = 0;
  virtual Message receive(Plane plane) = 0;
  virtual SendResult answer(Plane plane, const Message& what) = 0;
  virtual void publish(const std::string& topic, const std::string& body) = 0;
  virtual Subscription next_subscription() = 0;
  virtual void await_loss() = 0;
  virtual void disconnect() = 0;
};

class ZmqHubEnd final : public HubEnd {
 public:
  ZmqHubEnd() {
    info.endpoints.task = task_.bind("ipc://" + folder_.file("task"));
    info.endpoints.control = control_.bind("ipc://" + folder_.file("control"));
    info.endpoints.notify = notify_.bind("ipc://" + folder_.file("notify"));
  }

  std::unique_ptr<Link> connect() override { return ZmqLink::connect(context_, info); }

  Message receive(Plane plane) override {
    Incoming in = roundhouse::test::receive(socket(plane));
    if (!roundhouse::test::contains(text(in.message), "hello")) return in.message;
    const int fd = socket(plane).source_fd();
    CHECK((plane == Plane::task ? task_watch_ : control_watch_).add(in.peer, fd));
    (plane == Plane::task ? task_peer_ : control_peer_) = in.peer;
    return in.message;
  }

  SendResult answer(Plane plane, const Message& what) override {
    return socket(plane).send(plane == Plane::task ? task_peer_ : control_peer_, what);
  }

  void publish(const std::string& topic, const std::string& body) override {
    notify_.publish(topic, Buffer::copy(body));
  }

  Subscription next_subscription() override {
    std::optional<Subscription> change;
    roundhouse::test::poll_until({PollItem::of(notify_)}, [&] {
      change = notify_.next_subscription();
      return change.has_value();
    });
    return *change;
  }

  void await_loss() override {
    roundhouse::test::poll_until({task_watch_.poll_item()},
                                 [&] { return task_watch_.next_lost() == task_peer_; });
  }

  void disconnect() override { CHECK(task_watch_.disconnect(task_peer_)); }

  roundhouse::ConnectionInfo info;

 private:
  Socket& socket(Plane plane) { return plane == Plane::task ? task_ : control_; }

  roundhouse::test::TempDir folder_;
  Context context_;
  Socket task_{context_, SocketKind::router};
  Socket control_{context_, SocketKind::router};
  Socket notify_{context_, SocketKind::xpub};
  PeerWatch task_watch_{context_, task_};
  PeerWatch control_watch_{context_, control_};
  PeerId task_peer_;
  PeerId control_peer_;
};

class MailboxHubEnd final : public HubEnd {
 public:
  std::unique_ptr<Link> connect() override { return door_->connect(); }

  Message receive(Plane plane) override {
    Incoming in;
    poll([&] { return door_->receive(plane, in) == Receipt::message; });
    peer_ = in.peer;
    return in.message;
  }

  SendResult answer(Plane plane, const Message& what) override {
    return door_->send(plane, peer_, what);
  }

  void publish(const std::string& topic, const std::string& body) override {
    door_->publish(topic, Buffer::copy(body));
  }

  Subscription next_subscription() override {
    std::optional<std::pair<PeerId, Subscription>> change;
    poll([&] { return (change = door_->next_subscription()).has_value(); });
    return change->second;
  }

  void await_loss() override {
    poll([&] { return door_->next_lost() == peer_; });
  }

  void disconnect() override { CHECK(door_->disconnect(peer_)); }

 private:
  void poll(const std::function<bool()>& done) {
    roundhouse::test::poll_until(door_->poll_items(), done);
  }

  std::unique_ptr<MailboxDoor> door_ = std::make_unique<MailboxDoor>();
  PeerId peer_;
};

std::vector<PollItem> all_items(const Link& link) {
  std::vector<PollItem> items{link.task_item()};
  link.add_control_items(items);
  CHECK(items.size() <= 1 + Link::kControlItemsMax);
  return items;
}

Message receive(Link& link, Plane plane) {
  Message out;
  roundhouse::test::poll_until(all_items(link),
                               [&] { return link.receive(plane, out) == Receipt::message; });
  return out;
}

void await_state(Link& link, LinkState state) {
  roundhouse::test::poll_until(all_items(link), [&] { return link.state() == state; });
}

// One hello on each plane, which the hub received.
void say_hello(Link& link, HubEnd& hub) {
  REQUIRE(link.send(Plane::task, message("hello task")) == SendResult::sent);
  REQUIRE(link.send(Plane::control, message("hello control")) == SendResult::sent);
  CHECK(text(hub.receive(Plane::task)) == "hello task");
  CHECK(text(hub.receive(Plane::control)) == "hello control");
}

void for_both(const std::function<void(HubEnd&)>& check) {
  SUBCASE("over sockets") {
    ZmqHubEnd hub;
    check(hub);
  }
  SUBCASE("inside the process") {
    MailboxHubEnd hub;
    check(hub);
  }
}

}  // namespace

TEST_CASE("a link carries messages on both planes, both ways, in order") {
  for_both([](HubEnd& hub) {
    const auto link = hub.connect();
    say_hello(*link, hub);
    await_state(*link, LinkState::up);
    CHECK(link->reason().empty());
    for (const Plane plane : {Plane::task, Plane::control}) {
      for (int i = 0; i < 50; ++i) {
        const Message what = message(std::to_string(i), {"frame", std::string(20'000, 'x')});
        REQUIRE(link->send(plane, what) == SendResult::sent);
        REQUIRE(hub.answer(plane, what) == SendResult::sent);
      }
      for (int i = 0; i < 50; ++i) {
        CHECK(text(hub.receive(plane)) == std::to_string(i));
        const Message back = receive(*link, plane);
        CHECK(back == message(std::to_string(i), {"frame", std::string(20'000, 'x')}));
      }
      Message none;
      CHECK(link->receive(plane, none) == Receipt::nothing);
    }
  });
}

TEST_CASE("a link gets the notifications it subscribed to") {
  for_both([](HubEnd& hub) {
    const auto link = hub.connect();
    link->subscribe("engines");
    const Subscription first = hub.next_subscription();
    CHECK(first.subscribe);
    CHECK(first.topic == "engines");
    hub.publish("clients", "not asked for");
    hub.publish("engines.joined", "engine 7");
    Notification note;
    roundhouse::test::poll_until(all_items(*link), [&] { return link->receive(note); });
    CHECK(note.topic == "engines.joined");
    CHECK(note.body.view() == "engine 7");
    link->unsubscribe("engines");
    CHECK_FALSE(hub.next_subscription().subscribe);
    CHECK_FALSE(link->receive(note));
  });
}

TEST_CASE("the hub notices at once that a link was closed, and gets its last words") {
  for_both([](HubEnd& hub) {
    auto link = hub.connect();
    say_hello(*link, hub);
    await_state(*link, LinkState::up);
    REQUIRE(link->send(Plane::task, message("last words")) == SendResult::sent);
    link->close(roundhouse::test::kPatience);
    CHECK(link->state() == LinkState::down);
    CHECK(link->reason() == "closed");
    CHECK(link->send(Plane::task, message("too late")) == SendResult::unroutable);
    Message none;
    CHECK(link->receive(Plane::task, none) == Receipt::nothing);
    hub.await_loss();
    CHECK(text(hub.receive(Plane::task)) == "last words");
    link->close(std::chrono::milliseconds{0});
    link.reset();
  });
}

TEST_CASE("the hub notices a link that is destroyed") {
  for_both([](HubEnd& hub) {
    auto link = hub.connect();
    say_hello(*link, hub);
    link.reset();
    hub.await_loss();
  });
}

TEST_CASE("a link that the hub breaks goes down and stays down") {
  for_both([](HubEnd& hub) {
    const auto link = hub.connect();
    say_hello(*link, hub);
    await_state(*link, LinkState::up);
    hub.disconnect();
    await_state(*link, LinkState::down);
    CHECK_FALSE(link->reason().empty());
    hub.await_loss();
    CHECK(link->state() == LinkState::down);
    roundhouse::test::spin_until(
        [&] { return link->send(Plane::task, message("x")) != SendResult::sent; });
  });
}

TEST_CASE("both sides of a link may be used at the same time") {
  for_both([](HubEnd& hub) {
    const auto link = hub.connect();
    say_hello(*link, hub);
    constexpr int kCount = 2000;
    std::jthread task([&link] {
      for (int i = 0; i < kCount; ++i) {
        REQUIRE(link->send(Plane::task, message(std::to_string(i))) == SendResult::sent);
      }
      Message in;
      for (int seen = 0; seen < kCount;) {
        PollItem item = link->task_item();
        poll({&item, 1}, roundhouse::test::kPatience);
        while (link->receive(Plane::task, in) == Receipt::message) ++seen;
      }
    });
    std::jthread control([&link] {
      std::vector<PollItem> items;
      link->add_control_items(items);
      Message in;
      for (int i = 0; i < kCount; ++i) {
        REQUIRE(link->send(Plane::control, message(std::to_string(i))) == SendResult::sent);
      }
      for (int seen = 0; seen < kCount;) {
        poll(items, roundhouse::test::kPatience);
        CHECK(link->state() != LinkState::down);
        while (link->receive(Plane::control, in) == Receipt::message) ++seen;
      }
    });
    for (int i = 0; i < kCount; ++i) {
      for (const Plane plane : {Plane::task, Plane::control}) {
        CHECK(text(hub.receive(plane)) == std::to_string(i));
        CHECK(hub.answer(plane, message("ok")) == SendResult::sent);
      }
    }
  });
}

TEST_CASE("a link to nobody goes down and says where it looked") {
  const roundhouse::test::TempDir folder;
  Context context;
  roundhouse::ConnectionInfo info;
  info.endpoints.task = "ipc://" + folder.file("task");
  info.endpoints.control = "ipc://" + folder.file("control");
  const auto link = ZmqLink::connect(context, info);
  CHECK(link->send(Plane::task, message("hello")) == SendResult::sent);
  await_state(*link, LinkState::down);
  CHECK(roundhouse::test::contains(link->reason(), "no hub listens at ipc://" + folder.path()));
}

TEST_CASE("a link without notifications takes no notice of them") {
  ZmqHubEnd hub;
  hub.info.endpoints.notify.clear();
  const auto link = hub.connect();
  say_hello(*link, hub);
  link->subscribe("engines");
  await_state(*link, LinkState::up);
  Notification note;
  CHECK_FALSE(link->receive(note));
}

TEST_CASE("losing any one plane is losing the link") {
  ZmqHubEnd hub;
  Context context;
  auto other = std::make_unique<Socket>(context, SocketKind::xpub);
  hub.info.endpoints.notify = other->bind("ipc://*");
  const auto link = hub.connect();
  say_hello(*link, hub);
  await_state(*link, LinkState::up);
  other.reset();
  await_state(*link, LinkState::down);
  CHECK(link->reason() == "lost the connection to " + hub.info.endpoints.notify);
}

TEST_CASE("a door tells its links apart, and outlives them or not") {
  auto door = std::make_unique<MailboxDoor>(DoorOptions{.control_messages_max = 2});
  auto one = door->connect();
  auto two = door->connect();
  CHECK(one->state() == LinkState::up);
  REQUIRE(one->send(Plane::task, message("one")) == SendResult::sent);
  REQUIRE(two->send(Plane::task, message("two")) == SendResult::sent);
  Incoming first;
  Incoming second;
  REQUIRE(door->receive(Plane::task, first) == Receipt::message);
  REQUIRE(door->receive(Plane::task, second) == Receipt::message);
  CHECK(text(first.message) == "one");
  CHECK(first.peer != second.peer);
  CHECK(door->send(Plane::task, second.peer, message("for two")) == SendResult::sent);
  Message in;
  CHECK(one->receive(Plane::task, in) == Receipt::nothing);
  CHECK(two->receive(Plane::task, in) == Receipt::message);

  CHECK(door->send(Plane::control, first.peer, message("1")) == SendResult::sent);
  CHECK(door->send(Plane::control, first.peer, message("2")) == SendResult::sent);
  CHECK(door->send(Plane::control, first.peer, message("3")) == SendResult::would_block);

  two.reset();
  CHECK(door->next_lost() == second.peer);
  CHECK_FALSE(door->next_lost());
  CHECK(door->send(Plane::task, second.peer, message("gone")) == SendResult::unroutable);

  door.reset();
  CHECK(one->state() == LinkState::down);
  CHECK(one->send(Plane::task, message("gone")) == SendResult::unroutable);
}
