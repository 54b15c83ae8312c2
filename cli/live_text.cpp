#include "cli/live_text.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <vector>

#include "shared/printed.hpp"

namespace roundhouse::cli {

namespace {

// A text with a line about what is left out, as PrintedStream::text() makes it.
std::optional<wire::PrintedStream> with_gap(std::string_view all) {
  constexpr std::string_view kMark = "\n[... ";
  for (std::size_t at = all.find(kMark); at != std::string_view::npos;
       at = all.find(kMark, at + 1)) {
    unsigned long long missing = 0;
    const std::string line(all.substr(at, 100));
    if (std::sscanf(line.c_str(), "\n[... %llu bytes left out ...]", &missing) != 1) continue;
    const std::string mark = "\n[... " + std::to_string(missing) + " bytes left out ...]\n";
    if (!line.starts_with(mark)) continue;
    wire::PrintedStream out{std::string(all.substr(0, at)),
                            std::string(all.substr(at + mark.size())), 0};
    out.total = out.head.size() + missing + out.tail.size();
    return out;
  }
  return std::nullopt;
}

// How many bytes `written` ends with are those that `all` begins with: by the function of Knuth,
// Morris and Pratt, of each place how long a beginning ends there.
std::size_t overlap(std::string_view written, std::string_view all) {
  std::vector<std::size_t> borders(all.size() + 1);
  std::size_t length = 0;
  const auto step = [&](char next) {
    while (length > 0 && (length == all.size() || all[length] != next)) length = borders[length];
    if (length < all.size() && all[length] == next) ++length;
  };
  for (std::size_t i = 1; i < all.size(); ++i) step(all[i]), borders[i + 1] = length;
  length = 0;
  for (const char next : written) step(next);
  return length;
}

}  // namespace

std::string rest_of(std::string_view written, std::string_view all) {
  if (all.starts_with(written)) return std::string(all.substr(written.size()));
  auto parts = with_gap(all);
  if (!parts || !written.starts_with(parts->head))
    return std::string(all.substr(overlap(written, all)));
  const std::uint64_t behind = std::min<std::uint64_t>(written.size(), parts->total);
  const std::uint64_t tail_at = parts->total - parts->tail.size();
  if (behind >= tail_at) return parts->tail.substr(behind - tail_at);
  parts->head.clear(), parts->total -= behind;
  return parts->text();
}

LiveText::~LiveText() {
  const std::lock_guard lock(heard_->mutex);
  heard_->write = nullptr;
}

void LiveText::finish(const std::string& out, const std::string& err) {
  heard_->over.get_future().wait();  // nobody else writes any more
  const std::array<const std::string*, 2> all{&out, &err};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string rest = rest_of(heard_->texts[i], *all[i]);
    if (!rest.empty()) heard_->write(i == 0 ? OutputStream::out : OutputStream::err, rest);
  }
}

}  // namespace roundhouse::cli
