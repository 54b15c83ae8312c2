#include "hub/core/policy.hpp"

#include "shared/check.hpp"
#include "shared/spelling.hpp"

namespace roundhouse::hub {
namespace {

constexpr std::array<std::pair<std::string_view, PolicyName>, 4> kOtherNames{
    {{"leastload", PolicyName::least_loaded},
     {"weighted", PolicyName::weighted_random},
     {"twobin", PolicyName::two_choices},
     {"plainrandom", PolicyName::random}}};

constexpr std::uint64_t kNoLoad = std::uint64_t{1} << 32U;  // the weight of an idle engine

}  // namespace

std::string_view name_of(PolicyName name) {
  return kPolicyNames.at(static_cast<std::size_t>(name));
}

Result<PolicyName> parse_policy(std::string_view text) {
  std::string all;
  std::string meant;
  for (std::size_t i = 0; i < kPolicyNames.size(); ++i) {
    if (text == kPolicyNames[i]) return static_cast<PolicyName>(i);
    all.append(all.empty() ? "" : ", ").append(kPolicyNames[i]);
    if (meant.empty() && nearly_the_same(text, kPolicyNames[i])) meant = kPolicyNames[i];
  }
  for (const auto& [other, name] : kOtherNames)
    if (text == other) return name;
  return Error{Errc::invalid, "there is no policy '" + std::string(text.substr(0, 40)) + "'" +
                                  (meant.empty() ? "" : ": did you mean '" + meant + "'?") +
                                  (meant.empty() ? ": there are " : " There are ") + all};
}

void WeightTree::set(std::size_t at, std::uint64_t weight) {
  if (at >= weights_.size()) {
    if (weight == 0) return;
    std::size_t size = std::max<std::size_t>(weights_.size(), 16);
    while (size <= at) size *= 2;
    weights_.resize(size);
    sums_.assign(size + 1, 0);
    for (std::size_t i = 0; i < size; ++i) add(i, weights_[i]);
  }
  if (weights_[at] == weight) return;
  add(at, weight - weights_[at]);
  total_ += weight - weights_[at];
  weights_[at] = weight;
}

void WeightTree::add(std::size_t at, std::uint64_t difference) {
  for (std::size_t i = at + 1; i < sums_.size(); i += i & (~i + 1)) sums_[i] += difference;
}

std::size_t WeightTree::find(std::uint64_t point) const {
  RH_CHECK(point < total_);
  std::size_t place = 0;
  for (std::size_t step = weights_.size(); step > 0; step /= 2) {
    if (place + step >= sums_.size() || sums_[place + step] > point) continue;
    place += step;
    point -= sums_[place];
  }
  return place;
}

void Policy::change(PolicyName name) {
  if (name == name_) return;
  for (EngineIndex engine = 0; engine < known_.size(); ++engine)
    if (known_[engine].open) leave(engine);
  name_ = name;
  for (EngineIndex engine = 0; engine < known_.size(); ++engine)
    if (known_[engine].open) enter(engine);
}

void Policy::open(EngineIndex engine, std::uint32_t load) {
  if (engine >= known_.size()) known_.resize(std::size_t{engine} + 1);
  Known& known = known_[engine];
  if (known.open && known.load == load) return;
  if (known.open) leave(engine);
  open_ += known.open ? 0U : 1U;
  known.open = true;
  known.load = load;
  enter(engine);
}

void Policy::close(EngineIndex engine) {
  if (!is_open(engine)) return;
  leave(engine);
  known_[engine].open = false;
  --open_;
}

void Policy::given(EngineIndex engine, bool direct) {
  if (!direct) last_given_ = engine;
  if (engine >= known_.size()) known_.resize(std::size_t{engine} + 1);
  const bool moves = name_ == PolicyName::lru && known_[engine].open;
  if (moves) leave(engine);
  known_[engine].given = ++clock_;
  if (moves) enter(engine);
}

Policy::Key Policy::key_of(EngineIndex engine) const {
  const Known& known = known_[engine];
  if (name_ == PolicyName::least_loaded) return {known.load, engine};
  if (name_ == PolicyName::lru) return {known.given, engine};
  return {0, engine};
}

std::uint64_t Policy::weight_of(EngineIndex engine) const {
  if (name_ != PolicyName::weighted_random) return 1;
  return std::max<std::uint64_t>(1, kNoLoad * 256 / (256 + std::uint64_t{known_[engine].load}));
}

void Policy::enter(EngineIndex engine) {
  draws() ? tree_.set(engine, weight_of(engine)) : order_.insert(key_of(engine));
}

void Policy::leave(EngineIndex engine) {
  draws() ? tree_.set(engine, 0) : order_.erase(key_of(engine));
}

EngineIndex Policy::better(EngineIndex a, EngineIndex b) const {
  return std::pair{known_[a].load, a} < std::pair{known_[b].load, b} ? a : b;
}

EngineIndex Policy::draw_candidate() {
  if (name_ == PolicyName::weighted_random) return draw_weighted();
  const auto first = static_cast<std::size_t>(prng_.below(candidates_.size()));
  if (name_ == PolicyName::random || candidates_.size() == 1) return candidates_[first];
  const auto other = static_cast<std::size_t>(prng_.below(candidates_.size() - 1));
  return better(candidates_[first], candidates_[other < first ? other : other + 1]);
}

EngineIndex Policy::draw_weighted() {
  std::uint64_t total = 0;
  for (const EngineIndex engine : candidates_) total += weight_of(engine);
  std::uint64_t point = prng_.below(total);
  for (const EngineIndex engine : candidates_) {
    if (point < weight_of(engine)) return engine;
    point -= weight_of(engine);
  }
  return candidates_.back();
}

}  // namespace roundhouse::hub
