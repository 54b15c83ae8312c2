// OS. HistoryFile: what was typed before, in a file that several consoles share: each adds to its
// end, and none takes away what another has written, but the oldest when there are too many.
//
//   HistoryFile file(path);
//   for (const std::string& input : file.load()) ...      // the oldest first
//   file.add("int n = 5;");
//
// An input is a line of it, with \n for its own ends of lines. Only its owner reads it. What goes
// wrong is no reason to stop anybody: there is no history then.
// Thread rule: one thread; other processes at any time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace roundhouse::cli {

class HistoryFile {
 public:
  static constexpr std::size_t kInputsMax = 2000;
  static constexpr std::size_t kInputBytesMax = 64U << 10U;  // longer ones are not remembered

  // In a folder that is there. Empty: nothing is remembered.
  explicit HistoryFile(std::string path, std::size_t inputs_max = kInputsMax);

  // The newest inputs_max.
  [[nodiscard]] std::vector<std::string> load() const;

  void add(std::string_view input) const;

 private:
  std::string path_;
  std::size_t inputs_max_;
};

// One line, and back.
[[nodiscard]] std::string history_line(std::string_view input);
[[nodiscard]] std::string input_of(std::string_view line);

}  // namespace roundhouse::cli
