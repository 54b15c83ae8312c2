// What every program of the tour has: a cluster of its own, checks, and a main that says how it
// went.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

#include <roundhouse/roundhouse.hpp>

namespace rh = roundhouse;

namespace tour {

// Prints what was shown. Throws std::runtime_error when it is not so.
inline void check(bool right, const std::string& what) {
  if (!right) throw std::runtime_error("this is not so: " + what);
  std::cout << "  " << what << '\n';
}

// Runs `show` on a cluster with the tour's tasks, which is gone afterwards. Returns what main
// returns.
inline int on_cluster(std::size_t engines, void (*show)(const rh::Cluster&)) {
  try {
    // The minute is for machines that are busy: it is ready in a moment.
    const rh::Cluster cluster(
        {.engines = engines, .modules = {TOUR_MODULE}, .timeout = std::chrono::minutes{1}});
    show(cluster);
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return EXIT_FAILURE;
  }
}

}  // namespace tour
