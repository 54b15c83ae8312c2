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
  struct Text {
    std::string text;
    std::uint64_t left_out = 0;  // bytes that are missing in it, each time with a line that says so
  };

  using Texts = std::array<Text, 2>;  // standard output, standard error

  // A part that came while it ran; what is new in it. Of an earlier run it is nothing; the first of
  // a later run begins anew.
  [[nodiscard]] Text add(const wire::Output& part);

  // What came with the outcome; what is new in it.
  [[nodiscard]] Texts finish(const wire::Printed& printed);

  // All of it. What was missing while it ran is in it when the outcome had it.
  [[nodiscard]] Texts texts() const { return {streams_[0].heard, streams_[1].heard}; }

 private:
  struct Stream {
    Text heard;
    std::uint64_t through = 0;  // how much of the stream that stands for
    std::size_t whole = 0;      // how much of the text is before the first gap

    Text add(const wire::Output& part);
    Text finish(const wire::PrintedStream& printed);
    Text append(const wire::PrintedStream& rest);
  };

  Fence fence_;
  std::array<Stream, 2> streams_;
};

}  // namespace roundhouse::detail
