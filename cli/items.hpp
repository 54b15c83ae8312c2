// CORE. What `roundhouse submit` runs a command for: the numbers of an array, or lines; and the
// command for one of them. Plain values and functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace roundhouse::cli {

// The numbers of "1-1000", "0-100:10" (every tenth), "3,5,8-10", one by one.
class Numbers {
 public:
  // Nothing when the text is no such list, or a range of it is empty.
  static std::optional<Numbers> parse(std::string_view text);

  // The next one; nothing behind the last.
  [[nodiscard]] std::optional<std::uint64_t> next();

 private:
  struct Range {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint64_t step = 1;
  };

  std::vector<Range> ranges_;
  std::size_t at_ = 0;                // in ranges_
  std::optional<std::uint64_t> now_;  // the number given out last
};

// The command for an item: each "{}" in its words is the item; without any it is added as the last
// argument, as GNU parallel does it.
[[nodiscard]] std::vector<std::string> fill_in(const std::vector<std::string>& words,
                                               const std::string& item);

// The words behind the first "--", when this line is one of `submit`; they are taken away with it.
// Options of the program are none of ours.
[[nodiscard]] std::vector<std::string> take_program(std::vector<std::string>& line);

}  // namespace roundhouse::cli
