#include "client/send_tracker.hpp"

#include <utility>

namespace roundhouse::detail {

class SendTracker::WatchedBlock final : public Buffer::Block {
 public:
  WatchedBlock(Buffer frame, std::shared_ptr<SendTracker> tracker)
      : Block(frame.data(), frame.size()), frame_(std::move(frame)), tracker_(std::move(tracker)) {
    tracker_->in_use_.fetch_add(1, std::memory_order_relaxed);
  }

  WatchedBlock(const WatchedBlock&) = delete;
  WatchedBlock& operator=(const WatchedBlock&) = delete;

  ~WatchedBlock() override {
    frame_ = {};  // before anybody hears of it
    tracker_->in_use_.fetch_sub(1, std::memory_order_release);
  }

 private:
  Buffer frame_;
  std::shared_ptr<SendTracker> tracker_;  // shared by the frames and the handles of the result
};

std::shared_ptr<const SendTracker> SendTracker::watch(std::span<Encoded> bodies, bool all) {
  std::shared_ptr<SendTracker> out;
  for (Encoded& body : bodies) {
    if (body.frames.empty() || !(all || body.borrowed)) continue;
    if (!out) out = std::make_shared<SendTracker>();
    for (Buffer& frame : body.frames)
      frame = Buffer::adopt(new WatchedBlock(std::move(frame), out));
  }
  return out;
}

}  // namespace roundhouse::detail
