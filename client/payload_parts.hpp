// PayloadParts: a payload that the hub tells in parts (`payload` of PROTOCOL 9), put together.
// Thread rule: a plain value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "client/body_json.hpp"
#include "shared/payload.hpp"
#include <roundhouse/result.hpp>

namespace roundhouse::detail {

class PayloadParts {
 public:
  // Takes the next part. Fails with `malformed` when it is not the next one or makes no sense.
  [[nodiscard]] Result<void> add(const BodyMap& part);

  [[nodiscard]] bool complete() const { return begun_ && offset_ == total_; }

  // Where the next part begins.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }

  // Precondition: complete().
  [[nodiscard]] Payload take();

 private:
  Result<void> begin(const BodyMap& part);

  bool begun_ = false;
  std::string body_;
  std::uint32_t spill_ = 0;
  std::vector<std::uint64_t> sizes_;
  std::vector<std::string> frames_;
  std::size_t frame_ = 0;  // the first of them that is not complete
  std::uint64_t total_ = 0;
  std::uint64_t offset_ = 0;
};

}  // namespace roundhouse::detail
