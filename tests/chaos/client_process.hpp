#pragma once

// A client under chaos: submits tasks at a steady rate, notes what became of them, and fetches what
// those who had its place before, and were killed, have not got.

#include <cstdint>
#include <string>
#include <vector>

namespace roundhouse::chaos {

struct ClientTask {
  std::string folder;
  std::string cluster;
  std::uint64_t client = 0;
  std::uint64_t generation = 0;
  std::uint64_t seed = 0;
  std::uint64_t rate = 0;
};

// The words that the program is called with, and the other way round.
[[nodiscard]] std::vector<std::string> to_words(const ClientTask& task);
[[nodiscard]] ClientTask parse_client_task(const std::vector<std::string>& words);

// Returns when the board says so and every task has its outcome. Throws what the library throws:
// nothing of the kind is to happen.
void run_client(const ClientTask& task);

}  // namespace roundhouse::chaos
