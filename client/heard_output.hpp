// HeardOutput: what a task has written, as far as it was heard: parts while it ran, and the gist of
// it with its outcome. Pure. Thread rule: a plain value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "shared/message.hpp"
#include "shared/printed.hpp"
#include <roundhouse/ids.hpp>

namespace roundhouse::detail {

class HeardOutput {
 public:
  using Texts = std::array<std::string, 2>;  // standard output, standard error

  // A part that came while it ran; what is new in it. Of an earlier run, or behind a gap, it is
  // nothing; the first of a later run begins anew.
  [[nodiscard]] std::string add(const wire::Output& part);

  // What came with the outcome; what is new in it. Where parts are missing, it says how much.
  [[nodiscard]] Texts finish(const wire::Printed& printed);

  [[nodiscard]] const Texts& texts() const { return texts_; }

 private:
  Fence fence_;
  Texts texts_;
};

}  // namespace roundhouse::detail
