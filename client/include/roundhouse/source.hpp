// execute and run: C++ source that engines compile and run, as views of engines have them. Programs
// see them through view.hpp.
//
//   all.execute_sync("#include <cmath>\n"
//                    "double half(double x) { return x / 2; }\n"
//                    "int n = 5;");
//   std::cout << one.execute_sync("std::sqrt(n + 11)").value;        // 4
//   one["samples"] = std::vector{1.0, 2.0};
//   one.execute_sync("double mean = (samples[0] + samples[1]) / 2;");
//   double mean = one.pull<double>("mean").get();
//   double h = one.apply_sync<double>("half", mean);                 // a function of the code
//   all.run_sync("setup.cpp");                                       // the client's file
//
//   execute_async   returns at once; the AsyncResult has the ExecuteResult later
//   execute_sync    waits and returns it, or throws what became of it
//   execute         as execute_async, but waits for it to be ready when the view's `block` is set
//
// and the same with run, which reads the code from a file of this program's machine. When that
// file defines `main` it is called in the end, with the file's name as its only argument, and the
// value is what it returns. Several engines give a list.
//
// What code declares lasts until clear(), or until the engine's process ends, and is seen by all
// later code, also by that of other clients. Declarations and statements may be mixed. A name can
// be declared anew: later code means the new one, what was compiled before keeps the old one. Names
// are those of push and pull: code uses what was pushed as a variable, unless a namespace has that
// name, and its variables can be pulled, be arguments (rh::ref) and be found by this_engine. Arrays
// are pulled as std::vector, C strings and std::string_view as std::string. Functions are called by
// their names, as are variables that can be called: closures, a std::function.
//
// Code has these headers without including them: <algorithm> <array> <charconv> <chrono> <cmath>
// <concepts> <cstdint> <cstdio> <cstdlib> <cstring> <functional> <iostream> <map> <memory>
// <numeric> <optional> <ranges> <set> <sstream> <stdexcept> <string> <string_view> <tuple>
// <type_traits> <typeinfo> <unordered_map> <utility> <vector>; and where it has the word,
// MSGPACK_DEFINE, this_engine and the namespace rh. It calls a task of a module that the engine has
// once it has declared it: `namespace survey { int count(int); }`.
//
// Errors. What cannot be compiled is a RemoteError with name() "CompileError"; its value is the
// first error with file and line, its traceback all that the compiler said. Nothing of that code
// was run or declared, and all that was there before is as it was. What code throws is a
// RemoteError with its type and text, as of any task, and what it had printed, and been warned of,
// in the traceback; what came before it stays. An engine that has no memory left to compile with
// says so, as std::bad_alloc. Code that crashes or ends the process ends with EngineError, and the
// engine starts anew, if it has not ended so five times within a minute (crashes_max and
// crash_window in config/engine.json). Code that takes too long is ended by the view's time_limit.
//
// Engines need Roundhouse's interpreter (the package roundhouse-interpreter). One without it
// answers with "NoInterpreter" and says what to install.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <roundhouse/arguments.hpp>
#include <roundhouse/async_result.hpp>
#include <roundhouse/execute_result.hpp>
#include <roundhouse/submission.hpp>

namespace roundhouse::detail {

// The text of a file. Throws Exception (io_failed).
[[nodiscard]] std::string read_source(const std::string& path);

// The arguments of the task kExecuteTask. Of a program `main` is called.
[[nodiscard]] Encoded encode_source(std::string_view code, std::string_view file, bool is_program);

// `View` offers block(), engines() and a submitter_.
template <class View>
class RunsSource {
 public:
  // `file` is what lines of the code are called in messages; "input N" when empty.
  auto execute_async(std::string_view code, std::string_view file = {}) const {
    return send(encode_source(code, file, false), Urgency::later);
  }

  auto execute_sync(std::string_view code, std::string_view file = {}) const {
    return send(encode_source(code, file, false), Urgency::waits).get();
  }

  auto execute(std::string_view code, std::string_view file = {}) const {
    return settled(send(encode_source(code, file, false), urgency()));
  }

  // Throw Exception (io_failed) for a file that cannot be read.
  auto run_async(const std::string& file) const { return send(program(file), Urgency::later); }

  auto run_sync(const std::string& file) const { return send(program(file), Urgency::waits).get(); }

  auto run(const std::string& file) const { return settled(send(program(file), urgency())); }

 protected:
  RunsSource() = default;

 private:
  [[nodiscard]] const View& self() const { return static_cast<const View&>(*this); }

  [[nodiscard]] Urgency urgency() const { return self().block() ? Urgency::waits : Urgency::later; }

  static Encoded program(const std::string& file) {
    return encode_source(read_source(file), file, true);
  }

  auto send(Encoded body, Urgency urgency) const {
    const std::vector<int> engines = self().engines();
    return View::template result<ExecuteResult>(
        self().submitter_.submit({kExecuteTask, {}}, engines, {&body, 1}, urgency));
  }

  template <class Result>
  Result settled(Result result) const {
    if (self().block()) result.wait();
    return result;
  }
};

}  // namespace roundhouse::detail
