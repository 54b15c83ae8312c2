#include "shared/module_messages.hpp"

namespace roundhouse::wire {

Frames cut_module(std::string_view bytes) {
  Frames out;
  for (std::size_t at = 0; at < bytes.size(); at += kPartBytesMax)
    out.push_back(Buffer::copy(bytes.substr(at, kPartBytesMax)));
  return out;
}

}  // namespace roundhouse::wire
