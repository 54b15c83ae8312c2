// What the module offers: the client calls it, the engines run it.
#pragma once
#include <string>

std::string greet(const std::string& name);
