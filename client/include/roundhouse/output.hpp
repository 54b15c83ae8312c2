// What tasks write to standard output and standard error.
//
//   auto results = all.apply_async(simulate, 1000);
//   results.on_output([](const rh::OutputPart& part) { std::cout << part.text; });  // as it comes
//   results.wait();
//   results.display_outputs();                      // all of it, by engine: "[stdout:0] ..."
//
// It is what C++ streams, C streams and children of the engine's process write while the task runs,
// and what a command writes; where an engine has several slots, what is written while several tasks
// run belongs to the one that began last (but a command's is always its own). Of each stream a
// client that is there hears the first MiB while the task runs (what it flushed, or ended a line
// with), and from the outcome the beginning and the end, 8 KiB each. What lies between is left out,
// with a line that says how much; the record in the database has the gist of the outcome. So is, of
// what is told while tasks run, what came while this client did not read (64 MiB are kept for it)
// or was not connected; the text of a result has it all the same when it is among the 16 KiB.
// Thread rule: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include <roundhouse/metadata.hpp>

namespace roundhouse {

enum class OutputStream : std::uint8_t { out, err };

struct OutputPart {
  std::size_t index = 0;      // of its task, in the result that it belongs to
  std::optional<int> engine;  // nothing when that is not known
  OutputStream stream = OutputStream::out;
  std::string text;  // any bytes: escape it for a terminal that you trust less than its writer
  std::uint64_t left_out = 0;  // bytes that are missing in it, where a line of it says so
};

// Shows what these tasks have written, as IPython does: "[stdout:0] text", behind a line of its own
// when it has several; as it is of a single task. Standard output goes to `out`, the other to
// `err`. Control characters other than tabs and ends of lines are escaped.
void display_outputs(const std::vector<Metadata>& tasks, std::ostream& out, std::ostream& err);

}  // namespace roundhouse
