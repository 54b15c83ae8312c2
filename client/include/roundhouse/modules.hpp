// Modules that a client ships: shared libraries of tasks that go to engines by way of the hub.
//
//   client.load("build/survey_tasks.so").get();      // on every engine, also on those to come
//   client[0].load("build/survey_tasks.so").get();   // on this one
//   any.apply_sync(survey_file, path);               // runs in the build that was just shipped
//
// load() returns when the hub has the file, and throws when it does not take it: Exception
// (unknown_module, too_large over 256 MiB, over_quota, refused). Its result is what the engines
// say: a RemoteError for one that cannot load it, with the reason (no module, another architecture,
// built against another version of Roundhouse, a symbol that is missing, an engine that is told to
// load nothing); a CompositeError where several were asked.
//
// A module is known by what is in it, its *build*: the same file shipped again costs nothing, a
// changed one under the same path is another build, and both stay loaded side by side. From the
// call on, the tasks of this client run in the build that it shipped last and that has their
// function, wherever they go; engines that lack it get it first. client.pin(build) does the same
// with a build that is there already. Other clients are not touched: theirs run in builds of their
// own, or in the modules that engines were started with, and only where those have no such function
// in the build that was loaded last.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <roundhouse/async_result.hpp>
#include <roundhouse/loaded_module.hpp>
#include <roundhouse/submission.hpp>

namespace roundhouse {

// A module on one engine.
struct ModuleOnEngine {
  int engine = 0;
  std::string state;  // "loaded", "failed", or "loading"
  std::string code;   // of what failed
  std::string text;
  bool own = false;  // the engine was started with it
};

// What the hub knows of a module: Client::modules().
struct ModuleRecord {
  std::string build;  // 64 hexadecimal digits
  std::string name;   // of the file
  std::uint64_t size = 0;
  bool everywhere = false;  // engines that join later get it, too
  // Not any more: it killed an engine while it was loaded, or no engine could load it. Until it is
  // loaded again.
  bool withheld = false;
  std::string trouble;  // why; empty when nothing is wrong
  bool kept = false;    // the hub has its bytes; not of one that was removed, or only engines' own
  std::vector<std::string> tasks;
  std::vector<ModuleOnEngine> engines;
  std::string json;
};

namespace detail {

// load(), as views of engines have it. `View` offers block(), engines(), everywhere() and a
// submitter_.
template <class View>
class LoadsModules {
 public:
  // Ships the module and has these engines load it: see the top of this file. The result is a
  // LoadedModule of one engine, a list of several.
  auto load(const std::string& path) const {
    const View& view = static_cast<const View&>(*this);
    auto result = View::template result<LoadedModule>(view.submitter_.load(
        path, view.engines(), view.everywhere(), view.block() ? Urgency::waits : Urgency::later));
    if (view.block()) result.wait();
    return result;
  }

 protected:
  LoadsModules() = default;
};

}  // namespace detail

}  // namespace roundhouse
