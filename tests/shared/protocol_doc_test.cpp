// PROTOCOL.md is the authority on the wire; this test fails when the code says something that it
// does not.

#include <cctype>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include "shared/message.hpp"
#include "shared/records.hpp"
#include "tests/shared/samples.hpp"
#include <roundhouse/error.hpp>
#include <roundhouse/version.hpp>

using namespace roundhouse;
using namespace roundhouse::wire;

namespace {

std::string document() {
  std::ifstream file(std::string(RH_SOURCE_DIR) + "/shared/PROTOCOL.md");
  return {std::istreambuf_iterator<char>(file), {}};
}

// The cells of every table row, trimmed.
std::vector<std::vector<std::string>> rows() {
  std::vector<std::vector<std::string>> out;
  std::istringstream lines(document());
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("|")) continue;
    std::vector<std::string>& row = out.emplace_back();
    std::istringstream cells(line.substr(1));
    for (std::string cell; std::getline(cells, cell, '|');) {
      const auto from = cell.find_first_not_of(' ');
      const auto to = cell.find_last_not_of(' ');
      row.push_back(from == std::string::npos ? "" : cell.substr(from, to - from + 1));
    }
  }
  return out;
}

// The row of section 4 that describes a kind, as one text; empty when there is none.
std::string row_of(Kind kind) {
  const std::string name = '`' + std::string(to_string(kind)) + '`';
  const std::string number = std::to_string(static_cast<unsigned>(kind));
  std::string out;
  for (const auto& row : rows()) {
    if (row.size() < 3 || row[0] != name || row[1] != number) continue;
    for (const std::string& cell : row) out += cell + " | ";
  }
  return out;
}

bool has_word(const std::string& text, const std::string& word) {
  const auto is_part = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  };
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const auto end = at + word.size();
    if ((at == 0 || !is_part(text[at - 1])) && (end == text.size() || !is_part(text[end])))
      return true;
  }
  return false;
}

std::string bound(const std::string& what) {
  for (const auto& row : rows())
    if (row.size() == 2 && row[0] == what) return row[1];
  return "not there";
}

}  // namespace

TEST_CASE("the document is of the version that the code speaks") {
  const std::string version =
      "version " + std::to_string(kProtocolMajor) + "." + std::to_string(kProtocolMinor);
  CHECK(document().find(version) < document().find('\n'));
}

TEST_CASE("every kind of message is in the document, with its number") {
  int known = 0;
  for (unsigned number = 0; number < 256; ++number) {
    const Kind kind{static_cast<std::uint8_t>(number)};
    if (to_string(kind) == "unknown") continue;
    ++known;
    CAPTURE(to_string(kind));
    const bool in_prose = kind == Kind::hint && document().find("`hint` (32)") != std::string::npos;
    CHECK((in_prose || !row_of(kind).empty()));
  }
  CHECK(known == 29);
}

TEST_CASE("every key of every map message is in the document, beside its kind") {
  const auto check = [](const auto& sample) {
    using M = std::decay_t<decltype(sample)>;
    const std::string text = M::kKind == Kind::hint ? document() : row_of(M::kKind);
    M::fields(sample, [&](std::string_view key, const auto&) {
      CAPTURE(to_string(M::kKind));
      CAPTURE(key);
      CHECK(has_word(text, std::string(key)));
    });
  };
  std::apply([&check](const auto&... sample) { (check(sample), ...); }, samples::maps());
}

TEST_CASE("every ending and every bound is in the document") {
  const std::string text = document();
  for (unsigned number = 0; number < 5; ++number) {
    const std::string ending =
        std::to_string(number) + " " + std::string(to_string(static_cast<Ending>(number)));
    CAPTURE(ending);
    CHECK(text.find(ending) != std::string::npos);
  }
  CHECK(bound("header") == std::to_string(kHeaderBytesMax >> 20U) + " MiB");
  CHECK(bound("bulk frame").starts_with(std::to_string(kFrameBytesMax >> 20U) + " MiB"));
  CHECK(bound("records of a batch").starts_with(std::to_string(kBatchRecordsMax)));
  CHECK(bound("records of a batch").find(std::to_string(kBatchBytesMax >> 10U) + " KiB") !=
        std::string::npos);
  CHECK(bound("tasks of a run") == "65,536");
  CHECK(kRunTasksMax == 65'536);
  CHECK(bound("bulk frames of a message") == "1,024");
  CHECK(kFramesMax == 1'024);
  CHECK(bound("list in a map") == "100,000");
  CHECK(kListMax == 100'000);
  CHECK(bound("module") == std::to_string(kModuleBytesMax >> 20U) + " MiB, its name " +
                               std::to_string(kModuleNameMax) + " bytes");
  CHECK(bound("part of a module") == std::to_string(kPartBytesMax >> 20U) + " MiB, and " +
                                         std::to_string(kPartWindowBytes >> 20U) +
                                         " MiB on their way");
  CHECK(bound("builds of a template") == std::to_string(kBuildsMax));
  CHECK(bound("body that travels in its record")
            .starts_with(std::to_string(kInlineBytesMax >> 10U) + " KiB"));
}

TEST_CASE("the codes that the document names are codes") {
  for (const char* code : {"version", "bad_secret", "old_epoch"}) {
    CHECK(errc_from_string(code));
    CHECK(document().find('`' + std::string(code) + '`') != std::string::npos);
  }
}

TEST_CASE("every code that travels is in the document") {
  const std::string text = document();
  for (const Errc code :
       {Errc::malformed, Errc::unknown_kind, Errc::too_large, Errc::version, Errc::bad_secret,
        Errc::old_epoch, Errc::say_hello, Errc::sequence_gap, Errc::over_quota, Errc::store_failed,
        Errc::refused, Errc::invalid, Errc::unknown_engine, Errc::unknown_task}) {
    CAPTURE(to_string(code));
    CHECK(text.find('`' + std::string(to_string(code)) + '`') != std::string::npos);
  }
}
