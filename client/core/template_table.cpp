#include "client/core/template_table.hpp"

#include <utility>

#include "shared/check.hpp"

namespace roundhouse::client {

std::uint32_t TemplateTable::intern(wire::Define define) {
  define.number = 0;
  define.session = {};
  std::string key{wire::encode(define).header.view()};
  const auto [known, is_new] =
      by_bytes_.try_emplace(std::move(key), static_cast<std::uint32_t>(templates_.size() + 1));
  if (is_new) {
    define.number = known->second;
    bytes_ += define.bytes();
    templates_.push_back(std::move(define));
    told_.push_back(false);
  }
  return known->second;
}

void TemplateTable::restart() {
  told_.assign(templates_.size(), false);
}

bool TemplateTable::take_untold(std::uint32_t number) {
  RH_CHECK(number >= 1 && number <= templates_.size());
  if (told_[number - 1]) return false;
  told_[number - 1] = true;
  return true;
}

const wire::Define& TemplateTable::get(std::uint32_t number) const {
  RH_CHECK(number >= 1 && number <= templates_.size());
  return templates_[number - 1];
}

}  // namespace roundhouse::client
