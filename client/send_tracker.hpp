// SendTracker: tells when nobody uses the frames of a submission any more.
//
// Each frame is put into one of its own that counts down when its last handle goes, on whatever
// thread that is; the tracker itself holds none of them, so that an rh::Array is writeable again.
// Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include <roundhouse/encoded.hpp>

namespace roundhouse::detail {

class SendTracker {
 public:
  // Watches the frames of those bodies that are borrowed, or of all. Null when there are none.
  [[nodiscard]] static std::shared_ptr<const SendTracker> watch(std::span<Encoded> bodies,
                                                                bool all);

  // Whether the memory behind all of them may be changed again.
  [[nodiscard]] bool sent() const { return in_use_.load(std::memory_order_acquire) == 0; }

 private:
  class WatchedBlock;

  std::atomic<std::size_t> in_use_{0};
};

}  // namespace roundhouse::detail
