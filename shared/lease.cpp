#include "shared/lease.hpp"

#include "shared/check.hpp"

namespace roundhouse {

Lease::Guard::~Guard() {
  // Leaving now would keep everyone else from the socket for ever.
  RH_CHECK(!polling_);
}

bool Lease::Guard::wake_holder() {
  if (free()) return false;
  if (!lease_->woken_) {
    lease_->woken_ = true;
    lease_->wake_.wake();
  }
  return true;
}

void Lease::Guard::take() {
  ++lease_->takers_;
  while (wake_holder()) lease_->turn_.wait(lock_);
  // The poller that we sent away may wait in begin_poll until the last of us has passed.
  if (--lease_->takers_ == 0) lease_->turn_.notify_all();
}

bool Lease::Guard::displace_standby() {
  ++lease_->displacers_;
  while (lease_->holder_ == Holder::standby) {
    wake_holder();
    lease_->turn_.wait(lock_);
  }
  --lease_->displacers_;
  return free();
}

bool Lease::Guard::begin_poll(Holder as) {
  RH_CHECK(as != Holder::nobody && !polling_);
  if (lease_->takers_ > 0) {
    lease_->turn_.wait(lock_, [this] { return lease_->takers_ == 0; });
    return false;  // the caller decided to poll before they changed things
  }
  if (!free()) return false;
  if (as == Holder::standby && lease_->displacers_ > 0) return false;
  lease_->holder_ = as;
  polling_ = true;
  lock_.unlock();
  return true;
}

bool Lease::Guard::end_poll() {
  RH_CHECK(polling_);
  lock_.lock();
  polling_ = false;
  lease_->holder_ = Holder::nobody;
  const bool asked = lease_->woken_;
  if (asked) {
    lease_->woken_ = false;
    lease_->wake_.clear();
  }
  if (lease_->takers_ > 0 || lease_->displacers_ > 0) lease_->turn_.notify_all();
  return asked;
}

bool Lease::Guard::follow(std::optional<TimePoint> deadline) {
  if (lease_->holder_ != Holder::primary) return true;
  ++lease_->followers_;
  bool in_time = true;
  if (deadline) {
    in_time = lease_->news_.wait_until(lock_, *deadline) == std::cv_status::no_timeout;
  } else {
    lease_->news_.wait(lock_);
  }
  --lease_->followers_;
  return in_time;
}

void Lease::Guard::wake_followers() {
  if (lease_->followers_ > 0) lease_->news_.notify_all();
}

}  // namespace roundhouse
