#include "cli/live_text.hpp"

namespace roundhouse::cli {

LiveText::~LiveText() {
  const std::lock_guard lock(heard_->mutex);
  heard_->write = nullptr;
}

void LiveText::finish(const std::string& out, const std::string& err) {
  heard_->over.get_future().wait();  // nobody else writes any more
  const std::array<const std::string*, 2> all{&out, &err};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string& written = heard_->texts[i];
    const bool goes_on = all[i]->starts_with(written);
    const std::string_view rest(*all[i]);
    if (goes_on || written.empty())
      heard_->write(i == 0 ? OutputStream::out : OutputStream::err, rest.substr(written.size()));
  }
}

}  // namespace roundhouse::cli
