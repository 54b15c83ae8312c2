// What the commands print: tables for people, JSON for programs, and one line when they fail.
//
//   Table table({{"ENGINE", Align::right}, {"STATE"}});
//   table.row({"3", {"online", Style::good}});
//   out.table(table);                      // people
//   out.document(engines);                 // --json: one document
//
// Text from outside (labels, errors, host names) goes through printable(), which Table and fail()
// do by themselves, so that no control character reaches a terminal. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "shared/printable.hpp"
#include "shared/time.hpp"

namespace roundhouse::cli {

// Members stay in the order in which they were added, so that related ones stand together.
using Json = nlohmann::ordered_json;

enum class Align { left, right };

enum class Style { plain, good, bad, faint, title };

struct Column {
  std::string title;
  Align align = Align::left;
  std::size_t width_max = 48;  // longer cells are cut and end in "…"; 0: never
};

struct Cell {
  std::string text;
  Style style = Style::plain;

  Cell(std::string what, Style how = Style::plain) : text(std::move(what)), style(how) {}

  Cell(std::string_view what, Style how = Style::plain) : text(what), style(how) {}

  Cell(const char* what, Style how = Style::plain) : text(what), style(how) {}
};

// Rows of aligned columns. A value: text() makes the lines, each with its '\n'.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // Missing cells are empty, those beyond the last column are dropped.
  void row(std::vector<Cell> cells);

  [[nodiscard]] bool empty() const { return rows_.empty(); }

  [[nodiscard]] std::string text(bool colour) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// Where a command writes what it has to say: results here, never progress or errors.
class Output {
 public:
  Output(std::ostream& out, bool json, bool colour) : out_(out), json_(json), colour_(colour) {}

  // Standard output; colour when it is a terminal and NO_COLOR is not set.
  static Output standard(bool json);

  [[nodiscard]] bool json() const { return json_; }

  // One line of JSON. For --json only.
  void document(const Json& value);
  // For people only.
  void table(const Table& table);
  // A line for people, as it is: whoever puts text from outside in it calls printable().
  void line(std::string_view text, Style style = Style::plain);

 private:
  std::ostream& out_;
  bool json_;
  bool colour_;
};

// "1.23 ms": three digits and the unit that suits; "0 s" for nothing.
[[nodiscard]] std::string short_duration(Duration duration);
// "3.2 MB", in powers of 1000.
[[nodiscard]] std::string short_bytes(double bytes);
// "12,345,678".
[[nodiscard]] std::string with_commas(std::uint64_t number);
// "2026-03-01 12:00:00.123" in UTC; "-" for a time that is not known.
[[nodiscard]] std::string short_time(WallTime time);

// The words, with blanks between them.
[[nodiscard]] std::string joined(const std::vector<std::string>& words);

// The value on one line, as `--json` prints it; what is not UTF-8 is replaced.
[[nodiscard]] std::string json_line(const Json& value);

// The text of a JSON value for a cell: strings as they are, null as "-".
[[nodiscard]] std::string cell_text(const Json& value);

// One line on standard error: "roundhouse: text", or with `json` {"error": code, "text": text}.
void print_error(std::string_view code, std::string_view text, bool json);

}  // namespace roundhouse::cli
