#include "shared/time.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <system_error>

namespace roundhouse {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};

constexpr std::array<Unit, 7> kUnits{{{"d", 86'400'000'000'000},
                                      {"h", 3'600'000'000'000},
                                      {"min", 60'000'000'000},
                                      {"s", 1'000'000'000},
                                      {"ms", 1'000'000},
                                      {"us", 1'000},
                                      {"ns", 1}}};

}  // namespace

std::string to_string(WallTime time) {
  if (!time.known()) return {};
  const std::chrono::sys_time<std::chrono::microseconds> instant{
      std::chrono::microseconds{time.microseconds}};
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{instant - day};
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", int{date.year()},
                unsigned{date.month()}, unsigned{date.day()},
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return text;
}

std::optional<WallTime> parse_wall_time(std::string_view text) {
  const std::string whole_text(text);
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int used = 0;
  if (std::sscanf(whole_text.c_str(), "%4d-%2u-%2uT%2d:%2d:%2d%n", &year, &month, &day, &hour,
                  &minute, &second, &used) != 6) {
    return std::nullopt;
  }
  std::string_view rest = text.substr(std::min(text.size(), static_cast<std::size_t>(used)));
  std::int64_t fraction = 0;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    for (std::int64_t unit = 100'000; unit > 0 && !rest.empty() && rest[0] >= '0' && rest[0] <= '9';
         unit /= 10, rest.remove_prefix(1)) {
      fraction += unit * (rest[0] - '0');
    }
  }
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                                         std::chrono::day{day}};
  const bool in_range =
      hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60;
  if (rest != "Z" || !date.ok() || !in_range) return std::nullopt;
  const auto whole = std::chrono::sys_days{date}.time_since_epoch() + std::chrono::hours{hour} +
                     std::chrono::minutes{minute} + std::chrono::seconds{second};
  return WallTime{std::chrono::duration_cast<std::chrono::microseconds>(whole).count() + fraction};
}

std::string to_string(Duration duration) {
  const Unit* best = &kUnits.back();
  for (const Unit& unit : kUnits) {
    if (duration.count() != 0 && duration.count() % unit.nanoseconds == 0) {
      best = &unit;
      break;
    }
  }
  if (duration.count() == 0) return "0s";
  return std::to_string(duration.count() / best->nanoseconds) + std::string(best->name);
}

std::optional<Duration> parse_duration(std::string_view text) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || !(number >= 0)) return std::nullopt;
  const std::string_view name(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const Unit& unit : kUnits) {
    if (name != unit.name) continue;
    const double nanoseconds = number * static_cast<double>(unit.nanoseconds);
    if (nanoseconds >= 9.2e18) return std::nullopt;
    return Duration{std::llround(nanoseconds)};
  }
  return std::nullopt;
}

}  // namespace roundhouse
