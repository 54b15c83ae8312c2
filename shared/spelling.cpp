#include "shared/spelling.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace roundhouse {

std::size_t spelling_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row[b.size()];
}

bool nearly_the_same(std::string_view name, std::string_view known) {
  constexpr std::size_t kComparedMax = 128;
  if (name.size() > kComparedMax || known.size() > kComparedMax) return false;
  return spelling_distance(name, known) <= 1 + name.size() / 5;
}

}  // namespace roundhouse
