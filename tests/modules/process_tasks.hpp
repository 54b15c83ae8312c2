#pragma once

// Tasks for the process tests: they leave traces, take their time, throw and crash.

#include <cstdint>
#include <string>
#include <vector>

#include <roundhouse/namespace.hpp>
#include <roundhouse/serialize.hpp>

namespace process_tasks {

// Keyword arguments, by name.
struct Training {
  double rate = 0.5;
  int steps = 100;
  std::string method = "adam";
  MSGPACK_DEFINE_MAP(rate, steps, method)
};

int add(int a, int b);
// Says what it was told.
std::string train(const std::string& name, const Training& how);
double total(const std::vector<double>& values);
// Sleeps, then gives the value back.
int slowly(int milliseconds, int value);
// Appends one line with `value` to the file, sleeps, and gives the value back: a run that leaves a
// trace. The line is written before the sleep.
int traced(const std::string& path, int milliseconds, int value);
int throws_error(const std::string& text);
int throws_int(int value);
// Throws an exception whose what() is null.
void throws_nothing();
// Raises the signal in the engine process.
int crashes(int signal);
// From then on the engine process ignores the signal.
void ignore(int signal);
int process_id();
std::string host_name();
std::vector<double> doubled(const std::vector<double>& values);
// The named number of the engine, times `factor`.
int scaled_limit(roundhouse::Namespace& engine, int factor);

}  // namespace process_tasks
