#include <iostream>

#include <roundhouse/roundhouse.hpp>

#include "hello_tasks.hpp"

namespace rh = roundhouse;

int main() {
  rh::Client client;
  for (const std::string& line : client[rh::all].apply_sync(greet, "world")) {
    std::cout << line << '\n';
  }
}
