#include "client/heard_output.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace roundhouse::detail {

// `rest`: of the stream, behind what was heard.
HeardOutput::Text HeardOutput::Stream::append(const wire::PrintedStream& rest) {
  Text out{rest.text(), rest.left_out()};
  heard.text += out.text, heard.left_out += out.left_out;
  through += rest.total;
  return out;
}

HeardOutput::Text HeardOutput::Stream::add(const wire::Output& part) {
  const std::size_t size = part.text.size();
  if (size == 0 || size > wire::kLiveBytesMax) return {};
  if (part.offset < through || part.offset > wire::kLiveBytesMax - size) return {};
  const wire::PrintedStream rest{{}, part.text, part.offset + size - through};
  if (heard.text.size() + rest.text().size() > wire::kLiveBytesMax) return {};
  Text out = append(rest);
  if (heard.left_out == 0) whole = heard.text.size();
  return out;
}

HeardOutput::Text HeardOutput::Stream::finish(const wire::PrintedStream& printed) {
  const std::size_t common = std::min(whole, printed.head.size());
  const std::string_view begin = std::string_view(printed.head).substr(0, common);
  const bool other_run = through > printed.total || !heard.text.starts_with(begin);
  if (other_run) *this = {};
  if (printed.left_out() == 0) {
    const std::string all = printed.text();
    Text out{all.substr(static_cast<std::size_t>(through))};
    heard = {all}, through = printed.total;
    return out;
  }
  const auto behind = [this](const std::string& text, std::uint64_t at) {
    const std::uint64_t known = through - std::min(through, at);
    return text.substr(static_cast<std::size_t>(std::min<std::uint64_t>(known, text.size())));
  };
  return append({behind(printed.head, 0), behind(printed.tail, printed.total - printed.tail.size()),
                 printed.total - through});
}

HeardOutput::Text HeardOutput::add(const wire::Output& part) {
  const Fence fence{part.epoch, part.attempt};
  if (part.stream < 1 || part.stream > streams_.size() || fence < fence_) return {};
  if (fence_ < fence) {
    fence_ = fence;
    streams_ = {};
  }
  return streams_[part.stream - 1].add(part);
}

HeardOutput::Texts HeardOutput::finish(const wire::Printed& printed) {
  return {streams_[0].finish(printed.out), streams_[1].finish(printed.err)};
}

}  // namespace roundhouse::detail
