// From packed arguments to what is submitted: payloads cut to the limits of the wire, and runs of
// tasks made of small ones. Pure; thread rule: plain functions.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "shared/records.hpp"
#include <roundhouse/encoded.hpp>

namespace roundhouse::detail {

// Takes what is in `encoded`. Throws Exception (too_large) beyond kFramesMax frames.
[[nodiscard]] Payload make_payload(Encoded&& encoded);

// Records of one submission, whose tasks follow each other. One record needs no memory of its own.
class Records {
 public:
  void add(wire::SubmitRecord record) {
    if (!first_)
      first_ = std::move(record);
    else
      more_.push_back(std::move(record));
  }

  // Precondition: there is one.
  template <class F>
  void for_each(F&& use) {
    use(std::move(*first_));
    for (wire::SubmitRecord& record : more_) use(std::move(record));
  }

 private:
  std::optional<wire::SubmitRecord> first_;
  std::vector<wire::SubmitRecord> more_;
};

// One task per engine, or, without engines, one per body. `bodies` has one for all, or one each.
// Throws Exception (too_large) when one of them has more than `bytes_max` bytes, or make_payload()
// does. Precondition: not both empty; sizes as said.
[[nodiscard]] Records make_records(std::span<const int> engines, std::span<Encoded> bodies,
                                   std::size_t bytes_max);

}  // namespace roundhouse::detail
