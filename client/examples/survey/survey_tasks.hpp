// The module survey_tasks: what engines can do for the client program `survey`.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <roundhouse/serialize.hpp>

namespace survey {

// What there is to say about one text file.
struct Survey {
  std::string path;
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;
  std::uint64_t words = 0;
  // The ten commonest words of four letters or more, the commonest first; of their letters
  // those of ASCII are in lower case.
  std::vector<std::pair<std::string, std::uint64_t>> commonest;
  MSGPACK_DEFINE(path, bytes, lines, words, commonest)
};

// Reads the file. Throws std::runtime_error when it cannot.
Survey survey_file(const std::string& path);

// Squares the elements of the engine's std::vector<double> of this name, in place.
void square_in_place(const std::string& name);

}  // namespace survey
