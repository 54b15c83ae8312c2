#include "hub/retention.hpp"

#include <algorithm>
#include <chrono>

#include "hub/schema.hpp"

namespace roundhouse::hub {
namespace {

constexpr std::size_t kStepMax = 1000;   // tasks forgotten in one transaction
constexpr std::size_t kLooksMax = 4000;  // rows looked at for them
// What was passed by may go later: it is looked at again, but not all the time.
constexpr Duration kRound = std::chrono::seconds{1};

}  // namespace

Retention::Retention(sql::Database& db, const RetentionLimits& limits) : db_(db), limits_(limits) {
  first_ = db_.prepare(
      "SELECT id, submitted, coalesce(submitted + wait + duration / 1000, submitted), delivery "
      "FROM tasks WHERE id >= ?1 ORDER BY id LIMIT 1");
}

void Retention::restart() {
  counted_ = in_round_ = more_ = false;
  round_began_ = TimePoint{};
}

void Retention::on_erased(std::uint64_t rows) {
  rows_ -= std::min(rows, rows_);
}

std::optional<std::int64_t> Retention::look(std::int64_t key, SessionNumber session) {
  first_.bind(1, key);
  if (!first_.next()) return std::nullopt;
  const Place place{first_.integer(1), first_.integer(0), first_.integer(2),
                    static_cast<std::uint64_t>(first_.integer(3))};
  first_.reset();
  if (session != 0 && session_of(place.key) != session) return std::nullopt;
  oldest_.push(place);
  return place.key;
}

void Retention::begin_round(TimePoint now) {
  oldest_ = {};
  round_began_ = now;
  in_round_ = true;
  if (!counted_ && limits_.records > 0) {
    rows_ = static_cast<std::uint64_t>(db_.integer("SELECT count(*) FROM tasks"));
    counted_ = true;
  }
  for (auto key = look(0); key; key = look(make_key(session_of(*key) + 1, 0))) continue;
}

std::vector<std::int64_t> Retention::take_due(std::int64_t now_us, TimePoint now,
                                              std::uint64_t used, const MayGo& may_go) {
  std::vector<std::int64_t> due;
  if (!limits_.any()) return due;
  if (!in_round_) {
    if (round_began_ != TimePoint{} && now < round_began_ + kRound) return due;
    begin_round(now);
  }
  more_ = true;
  const bool too_large = limits_.bytes > 0 && used > limits_.bytes;
  const std::int64_t ended_before =
      limits_.age.count() > 0
          ? now_us - std::chrono::duration_cast<std::chrono::microseconds>(limits_.age).count()
          : 0;
  for (std::size_t looked = 0; looked < kLooksMax && due.size() < kStepMax; ++looked) {
    const bool too_many = limits_.records > 0 && rows_ > limits_.records + due.size();
    if (oldest_.empty() || !(too_many || too_large || oldest_.top().submitted_us < ended_before)) {
      in_round_ = more_ = false;
      break;
    }
    const Place place = oldest_.top();
    oldest_.pop();
    (void)look(place.key + 1, session_of(place.key));
    if ((too_many || too_large || place.ended_us < ended_before) &&
        may_go(place.key, place.delivery))
      due.push_back(place.key);
  }
  return due;
}

}  // namespace roundhouse::hub
