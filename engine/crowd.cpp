#include "engine/crowd.hpp"

#include <string>
#include <utility>

#include "shared/clock.hpp"
#include "shared/host.hpp"
#include "shared/random.hpp"
#include <roundhouse/arguments.hpp>

namespace roundhouse::engine {

using wire::Plane;

namespace {

constexpr std::uint32_t kStopTag = 0xffffffff;
// Between two looks at what all of them have to do in time: beats, trying again.
constexpr Duration kTick = std::chrono::milliseconds{20};
constexpr std::chrono::milliseconds kFlush{100};

Payload empty_result() {
  Encoded none;
  encode_no_result(none);
  return Payload::of(none.body);
}

SessionOptions options_of(std::size_t number) {
  SessionOptions options;
  random_bytes(options.uuid.bytes);
  options.host = host_name();
  options.label = "crowd-" + std::to_string(number);
  options.shipped_modules = false;
  return options;
}

}  // namespace

Crowd::Crowd(LinkMaker links, std::size_t count)
    : links_(std::move(links)), result_(empty_result()), left_(count) {
  const TimePoint now = steady_now();
  members_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) members_.emplace_back(Session(options_of(i), now));
  set_.add(net::PollItem::readable(stop_.fd()), kStopTag);
}

Crowd::~Crowd() = default;

void Crowd::stop() noexcept {
  stop_asked_.store(true, std::memory_order_relaxed);
  stop_.wake();
}

void Crowd::run() {
  TimePoint now = steady_now();
  for (std::uint32_t i = 0; i < members_.size(); ++i) {
    members_[i].session.start(now, out_);
    carry_out(i, now);
  }
  TimePoint next_tick = now + kTick;
  while (left_ > 0 && !stop_asked_.load(std::memory_order_relaxed)) {
    const auto ready = set_.wait(std::max(next_tick - now, Duration{0}));
    now = steady_now();
    for (const std::uint32_t tag : ready)
      if (tag != kStopTag) serve(tag, now);
    if (now < next_tick) continue;
    next_tick = now + kTick;
    for (std::uint32_t i = 0; i < members_.size(); ++i) {
      const auto due = members_[i].session.next_deadline();
      if (due && *due <= now) serve(i, now);
    }
  }
  for (std::uint32_t i = 0; i < members_.size(); ++i) {
    members_[i].session.on_stop("stopped", now, out_);
    carry_out(i, now);
  }
}

// Until there is nothing more to receive and to send: the poll set tells of changes alone.
void Crowd::serve(std::uint32_t index, TimePoint now) {
  Member& member = members_[index];
  while (!member.over) {
    const bool came = receive(member, now);
    finish_tasks(member, now);
    member.session.on_tick(now, out_);
    if (!carry_out(index, now) && !came) return;
  }
}

bool Crowd::receive(Member& member, TimePoint now) {
  bool came = false;
  if (!member.link) return came;
  for (const Plane plane : {Plane::control, Plane::task}) {
    for (;;) {
      const net::Receipt receipt = member.link->receive(plane, incoming_);
      if (receipt == net::Receipt::nothing) break;
      came = true;
      if (receipt == net::Receipt::message)
        member.session.on_message(plane, incoming_, now, out_);
      else if (receipt == net::Receipt::oversized)
        member.session.on_oversized(plane, now, out_);
    }
  }
  if (!came && member.link->state() == net::LinkState::down) {
    drop_link(member);
    member.session.on_link_lost(now, out_);
  }
  return came;
}

void Crowd::finish_tasks(Member& member, TimePoint now) {
  while (auto run = member.session.take_next(0, now))
    (void)member.session.on_finished(
        0, *run, {wire::Ending::ok, result_, wall_now().microseconds, 1}, now, out_);
}

bool Crowd::carry_out(std::uint32_t index, TimePoint now) {
  Member& member = members_[index];
  const bool sent = !out_.sends.empty();
  if (member.link)
    for (const Send& send : out_.sends) (void)member.link->send(send.plane, send.message);
  const bool close = out_.close, connects = out_.connect, ends = out_.exit.has_value();
  out_.clear();
  if (close) drop_link(member);
  if (ends && !std::exchange(member.over, true)) --left_;
  if (connects && !ends) connect(index, now);
  return sent;
}

void Crowd::connect(std::uint32_t index, TimePoint now) {
  Member& member = members_[index];
  auto made = links_();
  if (!made) {
    member.session.on_link_lost(now, out_);
  } else {
    member.link = std::move(*made);
    member.items.clear();
    member.items.push_back(member.link->task_item());
    member.link->add_control_items(member.items);
    for (const net::PollItem& item : member.items) set_.add(item, index);
    member.session.on_link(random_u64(), now, out_);
  }
  carry_out(index, now);
}

void Crowd::drop_link(Member& member) {
  if (!member.link) return;
  for (const net::PollItem& item : std::exchange(member.items, {})) set_.remove(item);
  member.link->close(kFlush);
  member.link.reset();
}

}  // namespace roundhouse::engine
