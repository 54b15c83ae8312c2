#include "shared/net/peer_watch.hpp"

#include <utility>

#include <sys/socket.h>

namespace roundhouse::net {

PeerWatch::PeerWatch(Context& context, Socket& router) : monitor_(context, router) {}

bool PeerWatch::add(PeerId peer, int fd) {
  drain();
  if (descriptors_.contains(peer)) return true;
  const auto found = connections_.find(fd);
  if (found == connections_.end()) return false;
  // The descriptor was used again: this hello, or the earlier one, was read after its sender had
  // gone. The later message is from the connection that is open now, or was a moment ago.
  if (found->second.peer) lose(*found->second.peer);
  found->second.peer = peer;
  found->second.heard = true;
  descriptors_.emplace(peer, fd);
  return true;
}

void PeerWatch::heard(int fd) {
  drain();
  if (const auto found = connections_.find(fd); found != connections_.end())
    found->second.heard = true;
}

std::size_t PeerWatch::break_silent(TimePoint now, Duration patience) {
  drain();
  const bool was_away = now - looked_ > kTurnMax;
  looked_ = now;
  for (auto it = newcomers_.rbegin(); it != newcomers_.rend() && (was_away || !it->since); ++it)
    it->since = now;
  std::size_t broken = 0;
  for (; !newcomers_.empty() && now - *newcomers_.front().since >= patience;
       newcomers_.pop_front()) {
    const Newcomer& newcomer = newcomers_.front();
    const auto found = connections_.find(newcomer.fd);
    if (found == connections_.end() || found->second.number != newcomer.number) continue;
    if (!found->second.heard && ::shutdown(newcomer.fd, SHUT_RDWR) == 0) ++broken;
  }
  return broken;
}

std::optional<PeerId> PeerWatch::next_lost() {
  if (lost_.empty()) drain();
  if (lost_.empty()) return std::nullopt;
  const PeerId peer = lost_.front();
  lost_.pop_front();
  return peer;
}

bool PeerWatch::disconnect(PeerId peer) {
  drain();
  const auto found = descriptors_.find(peer);
  return found != descriptors_.end() && ::shutdown(found->second, SHUT_RDWR) == 0;
}

void PeerWatch::drain() {
  using Kind = MonitorEvent::Kind;
  while (const auto event = monitor_.next()) {
    const bool begins = event->kind == Kind::accepted;
    if (!begins && event->kind != Kind::disconnected) continue;
    // ZeroMQ ends some connections that it refuses itself without a word: a descriptor that begins
    // again has ended before.
    const auto node = connections_.extract(event->fd);
    if (!node.empty() && node.mapped().peer) lose(*node.mapped().peer);
    if (!begins) continue;
    connections_.emplace(event->fd, Connection{++accepted_, false, std::nullopt});
    newcomers_.push_back({event->fd, accepted_, std::nullopt});
  }
}

void PeerWatch::lose(PeerId peer) {
  descriptors_.erase(peer);
  lost_.push_back(peer);
}

}  // namespace roundhouse::net
