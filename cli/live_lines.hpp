// LiveLines: what engines print while they run an input, as it comes. Of one engine it is as it
// is; of several in whole lines, each with its engine: "[stdout:3] text". Control characters are
// escaped.
//
//   LiveLines lines(engines.size() > 1, std::cout, std::cerr);
//   lines.write(3, OutputStream::out, "half a li");     // waits for its end
//   lines.end(3);                                       // which comes now, at the latest
//
// Thread rule: any thread; nobody else writes to the streams meanwhile.
#pragma once

#include <array>
#include <iosfwd>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include <roundhouse/output.hpp>

namespace roundhouse::cli {

class LiveLines {
 public:
  // The streams outlive it.
  LiveLines(bool several, std::ostream& out, std::ostream& err)
      : several_(several), to_{&out, &err} {}

  void write(int engine, OutputStream stream, std::string_view text);

  // The engine has nothing more to say: its last lines end.
  void end(int engine);

 private:
  void write_lines(int engine, std::size_t stream, std::string_view text);

  const bool several_;
  const std::array<std::ostream*, 2> to_;
  std::mutex mutex_;
  std::map<int, std::array<std::string, 2>> begun_;  // lines without an end, by stream
};

}  // namespace roundhouse::cli
