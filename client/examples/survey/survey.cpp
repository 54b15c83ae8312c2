// survey [FOLDER]: maps a function of the module survey_tasks over every text file of a folder, on
// all engines of the cluster; then lets the engines work on an array that is spread over them.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <iostream>
#include <map>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

#include <roundhouse/roundhouse.hpp>

#include "files.hpp"
#include "survey_tasks.hpp"

namespace rh = roundhouse;

namespace {

using survey::Survey;

void show_progress(std::size_t done, std::size_t all, bool over) {
  static const bool terminal = isatty(STDOUT_FILENO) == 1;
  const auto step = std::max<std::size_t>(all / 50, 1);
  if (!over && (!terminal || done % step != 0)) return;
  std::printf("%s%zu of %zu files%s", terminal ? "\r" : "", done, all, over ? "\n" : "");
  std::fflush(stdout);
}

void print_totals(const std::vector<Survey>& surveys) {
  Survey total;
  std::map<std::string, std::uint64_t> counts;
  for (const Survey& one : surveys) {
    total.bytes += one.bytes;
    total.lines += one.lines;
    total.words += one.words;
    for (const auto& [word, count] : one.commonest) counts[word] += count;
  }
  std::vector<std::pair<std::string, std::uint64_t>> words(counts.begin(), counts.end());
  std::stable_sort(words.begin(), words.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  words.resize(std::min<std::size_t>(words.size(), 10));
  std::printf("\n%10s  %12s  %10s  %10s\n", "FILES", "BYTES", "LINES", "WORDS");
  std::printf("%10zu  %12llu  %10llu  %10llu\n", surveys.size(),
              static_cast<unsigned long long>(total.bytes),
              static_cast<unsigned long long>(total.lines),
              static_cast<unsigned long long>(total.words));
  std::printf("\n%-16s  %8s   (the commonest of the files' ten commonest words)\n", "WORD",
              "TIMES");
  for (const auto& [word, count] : words) {
    // printf pads to bytes, and letters may have several.
    const auto more = std::count_if(word.begin(), word.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
    });
    std::printf("%-*s  %8llu\n", static_cast<int>(16 + more), word.c_str(),
                static_cast<unsigned long long>(count));
  }
}

void print_engines(const std::vector<rh::Metadata>& tasks) {
  struct Work {
    std::size_t tasks = 0;
    rh::Seconds busy{0};
  };

  std::map<int, Work> engines;
  for (const rh::Metadata& task : tasks) {
    Work& work = engines[task.engine_id.value_or(-1)];
    ++work.tasks;
    work.busy += task.duration;
  }
  std::printf("\n%-8s  %6s  %10s\n", "ENGINE", "TASKS", "BUSY");
  for (const auto& [engine, work] : engines)
    std::printf("%-8d  %6zu  %7.1f ms\n", engine, work.tasks, work.busy.count() * 1000);
}

// The main job: one function, every file, whichever engine is free.
void survey_files(const rh::Client& client, const std::vector<std::string>& paths) {
  const auto running = client.load_balanced_view().map_async(survey::survey_file, paths);
  std::vector<Survey> surveys;
  for (const Survey& one : running.unordered()) {
    surveys.push_back(one);
    show_progress(surveys.size(), paths.size(), false);
  }
  show_progress(surveys.size(), paths.size(), true);
  if (surveys.size() != paths.size()) throw std::runtime_error("some files were not surveyed");
  // As they came is not the same twice; in order of paths ties are.
  std::sort(surveys.begin(), surveys.end(),
            [](const Survey& a, const Survey& b) { return a.path < b.path; });
  print_totals(surveys);
  print_engines(running.all_metadata());
  std::printf("\nwall time %.1f ms, serial time on the engines %.1f ms\n",
              running.wall_time().count() * 1000, running.serial_time().count() * 1000);
}

// Data that stays where it is: spread over the engines, changed there, and fetched.
void square_an_array(const rh::Client& client) {
  std::vector<double> numbers(100'000);
  std::iota(numbers.begin(), numbers.end(), 0.0);
  const rh::DirectView all = client[rh::all];
  all.scatter("numbers", numbers).get();
  all.apply_sync(survey::square_in_place, "numbers");
  const std::vector<double> squares = all.gather<double>("numbers").get();
  if (squares.size() != numbers.size()) throw std::runtime_error("the array lost elements");
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (squares[i] != numbers[i] * numbers[i])
      throw std::runtime_error("element " + std::to_string(i) + " is not the square");
  }
  std::printf("%zu numbers scattered over %zu engines, squared in place, gathered: all right\n",
              squares.size(), client.size());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::string folder = argc > 1 ? argv[1] : survey::kLicenceTexts;
    const survey::Files files = survey::find_texts(folder);
    if (files.unreadable > 0) std::printf("%zu cannot be read: left out\n", files.unreadable);
    if (files.binary > 0)
      std::printf("%zu binary file%s: left out\n", files.binary, files.binary == 1 ? "" : "s");
    if (files.texts.empty()) throw std::runtime_error("there is no text file below " + folder);

    const rh::Client client({.label = "survey"});
    client.wait_for_engines(1, std::chrono::seconds{10});
    survey_files(client, files.texts);
    square_an_array(client);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "survey: " << error.what() << '\n';
    return 1;
  }
}
