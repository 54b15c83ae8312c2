#include "client/heard_output.hpp"

#include <algorithm>
#include <string_view>

namespace roundhouse::detail {
namespace {

// What is to be added to `heard` so that it is all of the stream, as far as that is known.
std::string rest_of(const wire::PrintedStream& stream, std::string& heard) {
  const std::string_view known(heard);
  const std::size_t common = std::min(known.size(), stream.head.size());
  if (known.size() > stream.total ||
      known.substr(0, common) != std::string_view(stream.head).substr(0, common))
    heard.clear();  // of an earlier run
  const std::uint64_t tail_at = stream.total - stream.tail.size();
  if (heard.size() >= tail_at)
    return stream.tail.substr(static_cast<std::size_t>(heard.size() - tail_at));
  std::string out;
  if (heard.size() < stream.head.size()) out = stream.head.substr(heard.size());
  const wire::PrintedStream gap{{}, stream.tail, stream.total - heard.size() - out.size()};
  return out + gap.text();
}

}  // namespace

std::string HeardOutput::add(const wire::Output& part) {
  const Fence fence{part.epoch, part.attempt};
  if (part.stream < 1 || part.stream > texts_.size() || fence < fence_) return {};
  if (fence_ < fence) {
    fence_ = fence;
    texts_ = {};
  }
  std::string& text = texts_[part.stream - 1];
  if (part.offset != text.size() || text.size() + part.text.size() > wire::kLiveBytesMax) return {};
  text += part.text;
  return part.text;
}

HeardOutput::Texts HeardOutput::finish(const wire::Printed& printed) {
  Texts out{rest_of(printed.out, texts_[0]), rest_of(printed.err, texts_[1])};
  for (std::size_t i = 0; i < texts_.size(); ++i) texts_[i] += out[i];
  return out;
}

}  // namespace roundhouse::detail
