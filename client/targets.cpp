#include <algorithm>
#include <string>

#include <roundhouse/error.hpp>
#include <roundhouse/targets.hpp>

namespace roundhouse {

std::vector<std::size_t> IndexSlice::positions(std::size_t size) const {
  if (step == 0) throw Exception(Errc::invalid, "a slice cannot have a step of 0");
  const auto count = static_cast<long>(size);
  // Python's rules: out of range means as far as there is something.
  const auto clip = [count](long at, long low, long high) {
    return std::clamp(at < 0 ? at + count : at, low, high);
  };
  std::vector<std::size_t> out;
  if (step > 0) {
    const long from = start ? clip(*start, 0, count) : 0;
    const long to = stop ? clip(*stop, 0, count) : count;
    for (long at = from; at < to; at += step) out.push_back(static_cast<std::size_t>(at));
  } else {
    const long from = start ? clip(*start, -1, count - 1) : count - 1;
    const long to = stop ? clip(*stop, -1, count - 1) : -1;
    for (long at = from; at > to; at += step) out.push_back(static_cast<std::size_t>(at));
  }
  return out;
}

std::vector<int> Targets::resolve(const std::vector<int>& known) const {
  if (slice_) {
    std::vector<int> out;
    for (const std::size_t position : slice_->positions(known.size()))
      out.push_back(known[position]);
    return out;
  }
  if (!ids_) return known;
  if (ids_->empty()) throw Exception(Errc::invalid, "a list of no engines was given");
  std::vector<int> out;
  for (int id : *ids_) {
    const int asked = id;
    if (id < 0 && static_cast<std::size_t>(-static_cast<long>(id)) <= known.size())
      id = known[known.size() - static_cast<std::size_t>(-static_cast<long>(id))];
    if (!std::binary_search(known.begin(), known.end(), id)) {
      std::string text = "there is no engine " + std::to_string(asked) + "; there ";
      if (known.empty())
        text += "are none at all";
      else
        text += known.size() == 1 ? "is only" : "are";
      for (const int other : known) text += " " + std::to_string(other);
      throw Exception(Errc::unknown_engine, text);
    }
    if (std::find(out.begin(), out.end(), id) != out.end())
      throw Exception(Errc::invalid, "engine " + std::to_string(id) + " was given twice");
    out.push_back(id);
  }
  return out;
}

Targets Targets::frozen(const std::vector<int>& known) const {
  return is_all() ? *this : Targets(resolve(known));
}

}  // namespace roundhouse
