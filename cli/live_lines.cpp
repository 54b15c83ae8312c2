#include "cli/live_lines.hpp"

#include <ostream>

#include "shared/printable.hpp"

namespace roundhouse::cli {

namespace {

constexpr std::size_t place_of(OutputStream stream) {
  return stream == OutputStream::out ? 0 : 1;
}

}  // namespace

void LiveLines::write(int engine, OutputStream stream, std::string_view text) {
  if (text.empty()) return;
  const std::lock_guard lock(mutex_);
  if (several_) return write_lines(engine, place_of(stream), text);
  *to_[place_of(stream)] << printable_lines(text) << std::flush;
  begun_[engine][place_of(stream)] = text.back() == '\n' ? "" : "begun";
}

void LiveLines::write_lines(int engine, std::size_t stream, std::string_view text) {
  std::string& begun = begun_[engine][stream];
  begun += text;
  const std::size_t whole = begun.rfind('\n') + 1;  // 0 when there is none
  if (whole == 0) return;
  const std::string title =
      std::string(stream == 0 ? "[stdout:" : "[stderr:") + std::to_string(engine) + "] ";
  std::string out;
  for (std::size_t at = 0; at < whole;) {
    const std::size_t end = begun.find('\n', at) + 1;
    out += title + printable_lines(std::string_view(begun).substr(at, end - at));
    at = end;
  }
  begun.erase(0, whole);
  *to_[stream] << out << std::flush;
}

void LiveLines::end(int engine) {
  const std::lock_guard lock(mutex_);
  for (std::size_t stream = 0; stream < to_.size(); ++stream) {
    if (begun_[engine][stream].empty()) continue;
    if (several_) {
      write_lines(engine, stream, "\n");
    } else {
      *to_[stream] << '\n' << std::flush;
    }
    begun_[engine][stream].clear();
  }
}

}  // namespace roundhouse::cli
