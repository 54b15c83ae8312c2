#include "cli/output.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>

#include <unistd.h>

#include <fmt/format.h>

namespace roundhouse::cli {

namespace {

// Characters, which is columns for most of the world's writing.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

// At most `most` characters; 0: all.
std::string cut(std::string text, std::size_t most) {
  if (most == 0 || width(text) <= most) return text;
  std::size_t at = 0;
  for (std::size_t i = 1; i < most; ++i) at += character_bytes(std::string_view(text).substr(at));
  return text.substr(0, at) + "…";
}

std::string_view sequence(Style style) {
  switch (style) {
    case Style::good: return "\x1b[32m";
    case Style::bad: return "\x1b[31m";
    case Style::faint: return "\x1b[2m";
    case Style::title: return "\x1b[1m";
    case Style::plain: break;
  }
  return {};
}

std::string styled(std::string text, Style style, bool colour) {
  const std::string_view begin = sequence(style);
  if (!colour || begin.empty() || text.empty()) return text;
  return std::string(begin) + text + "\x1b[0m";
}

}  // namespace

void Table::row(std::vector<Cell> cells) {
  cells.resize(columns_.size(), Cell(""));
  for (std::size_t i = 0; i < cells.size(); ++i)
    cells[i].text = cut(printable(cells[i].text), columns_[i].width_max);
  rows_.push_back(std::move(cells));
}

std::string Table::text(bool colour) const {
  std::vector<std::size_t> widths;
  for (const Column& column : columns_) widths.push_back(width(column.title));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width(row[i].text));
  }
  std::string out;
  const auto add_line = [&](const std::vector<Cell>& cells) {
    std::string blanks;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string padding(widths[i] - width(cells[i].text), ' ');
      const bool right = columns_[i].align == Align::right;
      if (right) blanks += padding;
      if (!cells[i].text.empty()) out += blanks + styled(cells[i].text, cells[i].style, colour);
      if (!cells[i].text.empty()) blanks.clear();
      if (!right) blanks += padding;
      blanks += "  ";  // written only when something follows: no blanks at the end of a line
    }
    out += '\n';
  };
  std::vector<Cell> titles;
  for (const Column& column : columns_) titles.emplace_back(column.title, Style::title);
  if (std::ranges::any_of(columns_, [](const Column& column) { return !column.title.empty(); }))
    add_line(titles);
  for (const auto& row : rows_) add_line(row);
  return out;
}

Output Output::standard(bool json) {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal == nullptr || std::string_view(terminal) == "dumb";
  const bool colour = isatty(STDOUT_FILENO) == 1 && no_colour == nullptr && !dumb;
  return {std::cout, json, colour};
}

void Output::document(const Json& value) {
  out_ << json_line(value) << '\n' << std::flush;
}

void Output::table(const Table& table) {
  out_ << table.text(colour_) << std::flush;
}

void Output::line(std::string_view text, Style style) {
  out_ << styled(std::string(text), style, colour_) << '\n' << std::flush;
}

std::string short_duration(Duration duration) {
  const double value = seconds(duration);
  if (duration == Duration::zero()) return "0 s";
  if (value >= 7200) return fmt::format("{:.1f} h", value / 3600);
  if (value >= 120) return fmt::format("{:.1f} min", value / 60);

  struct Unit {
    double size;
    std::string_view name;
  };

  constexpr std::array<Unit, 4> kUnits{{{1, "s"}, {1e-3, "ms"}, {1e-6, "µs"}, {1e-9, "ns"}}};
  for (const Unit& unit : kUnits) {
    const double amount = value / unit.size;
    if (amount < 0.9995 && &unit != &kUnits.back()) continue;
    const int decimals = amount >= 99.95 ? 0 : amount >= 9.995 ? 1 : 2;
    return fmt::format("{:.{}f} {}", amount, decimals, unit.name);
  }
  return {};
}

std::string short_bytes(double bytes) {
  constexpr std::array<std::string_view, 5> kUnits{"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  while (bytes >= 999.5 && unit + 1 < kUnits.size()) {
    bytes /= 1000;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", bytes, unit == 0 || bytes >= 99.95 ? 0 : 1, kUnits[unit]);
}

std::string with_commas(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

std::string short_time(WallTime time) {
  if (!time.known()) return "-";
  std::string text = to_string(time).substr(0, 23);
  if (text.size() > 10) text[10] = ' ';
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out.append(out.empty() ? "" : " ").append(word);
  return out;
}

std::string json_line(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string cell_text(const Json& value) {
  if (value.is_null()) return "-";
  if (value.is_string()) return value.get<std::string>();
  return json_line(value);
}

void print_error(std::string_view code, std::string_view text, bool json) {
  if (json) {
    const Json error{{"error", code}, {"text", text}};
    std::cerr << json_line(error) << '\n' << std::flush;
  } else {
    // Errors of several tasks come as lines; here they are one.
    std::string line(text);
    bool first = true;
    for (std::size_t at = 0; (at = line.find("\n  ", at)) != std::string::npos; first = false)
      line.replace(at, 3, first ? ": " : "; ");
    std::cerr << "roundhouse: " << printable(line) << '\n' << std::flush;
  }
}

}  // namespace roundhouse::cli
