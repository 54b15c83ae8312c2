// CORE. TemplateTable: what tasks of a session share, said once per connection.
//
// Equal templates get the same number, and a number never changes its meaning.
// Thread rule: one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "shared/message.hpp"

namespace roundhouse::client {

class TemplateTable {
 public:
  // The number of this template (from 1), whose own number and session do not matter.
  // Precondition: is_room_for().
  std::uint32_t intern(wire::Define define);

  // Whether one more, of so many bytes, is within what the hub keeps of a session.
  [[nodiscard]] bool is_room_for(std::size_t bytes) const {
    return templates_.size() < wire::kTemplatesMax && bytes_ + bytes <= wire::kTemplatesBytesMax;
  }

  // A new connection: nothing is said yet.
  void restart();
  // Whether the hub has to be told of it before it is used; then it counts as told.
  [[nodiscard]] bool take_untold(std::uint32_t number);

  [[nodiscard]] const wire::Define& get(std::uint32_t number) const;

  [[nodiscard]] std::size_t size() const { return templates_.size(); }

 private:
  std::vector<wire::Define> templates_;  // number - 1
  std::size_t bytes_ = 0;                // of all of them
  std::vector<bool> told_;
  std::map<std::string, std::uint32_t> by_bytes_;  // encoded, with number 0
};

}  // namespace roundhouse::client
