#include "engine/shipped_modules.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "engine/module.hpp"
#include "engine/module_loader.hpp"
#include "engine/task_host.hpp"
#include "tests/support/patience.hpp"
#include <roundhouse/arguments.hpp>

namespace rh = roundhouse;
using namespace roundhouse;
using engine::ModuleBytes;
using engine::ModuleSet;
using engine::TaskHost;

namespace {

ModuleBytes module_of(const std::string& name, std::uint64_t order = 1) {
  std::ifstream file(RH_BINARY_DIR "/lib/shipped/" + name + ".so", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  REQUIRE_FALSE(bytes.empty());
  return {content_hash(bytes), name + ".so", order, bytes.size(), wire::cut_module(bytes)};
}

struct Engine {
  TaskHost host{1};
  ModuleSet modules{host};

  // The build that a call of `which` runs in.
  int which(const std::vector<ContentHash>& builds, bool* lasting = nullptr) {
    const auto task = modules.find("shipped::which", "", builds, lasting);
    REQUIRE_MESSAGE(task.ok(), (task.ok() ? "" : task.error().text));
    Reply reply;
    const Encoded nothing = encode_values();
    (*task)->invoke({nothing.body, nothing.frames, &host}, reply);
    REQUIRE(reply.ok);
    return decode_result<int>(reply.result.body, reply.result.frames);
  }
};

}  // namespace

TEST_CASE("two builds of a module are loaded beside each other, and found by build") {
  Engine engine;
  const ModuleBytes one = module_of("which1", 1);
  const ModuleBytes two = module_of("which2", 2);
  const wire::Have have = engine.modules.shipped().load(one);
  CHECK(have.code == "");
  CHECK(have.name == "which1.so");
  CHECK(have.size == one.size);
  CHECK(std::ranges::count(have.tasks, "shipped::only_in_one") == 1);
  CHECK(engine.modules.shipped().load(two).code.empty());
  bool lasting = false;
  CHECK(engine.which({one.build}, &lasting) == 1);
  CHECK(lasting);
  CHECK(engine.which({two.build}) == 2);
  CHECK(engine.which({two.build, one.build}) == 2);
  CHECK(engine.modules.find("shipped::only_in_one", "", std::vector{two.build, one.build}).ok());
  const auto module = engine.modules.find_build(two.build);
  REQUIRE(module.ok());
  CHECK(std::string((*module)->name) == "which");
}

TEST_CASE("without a build the latest is meant, which may change") {
  Engine engine;
  const ModuleBytes one = module_of("which1", 1);
  CHECK(engine.modules.shipped().load(one).code.empty());
  CHECK(engine.modules.shipped().load(module_of("which2", 2)).code.empty());
  bool lasting = true;
  CHECK(engine.which({}, &lasting) == 2);
  CHECK_FALSE(lasting);
  engine.modules.shipped().set_order(one.build, 3);
  CHECK(engine.which({}) == 1);
}

TEST_CASE("what an engine was started with goes before what was shipped") {
  Engine engine;
  CHECK(engine.modules.shipped().load(module_of("which2", 5)).code.empty());
  REQUIRE(engine.modules.load(RH_BINARY_DIR "/lib/shipped/which1.so").ok());
  CHECK(engine.which({}) == 1);
  // And is known by its build, too.
  CHECK(engine.which({module_of("which1").build}) == 1);
  CHECK(engine.which({module_of("which2").build}) == 2);
}

TEST_CASE("what cannot be loaded says why, and may be tried again") {
  Engine engine;
  auto& shipped = engine.modules.shipped();
  const auto answer = [&](const std::string& name) { return shipped.load(module_of(name)); };
  CHECK(answer("other_version").code == "version");
  CHECK(answer("lacks_symbol").code == "unknown_module");
  CHECK(answer("lacks_symbol").text.find("nobody_has_this_function") != std::string::npos);
  CHECK(answer("no_module").text.find("roundhouse_add_module()") != std::string::npos);
  ModuleBytes changed = module_of("which1");
  changed.parts = wire::cut_module("something else");
  CHECK(shipped.load(changed).code == "malformed");
  const auto missing = engine.modules.find("shipped::which", "", std::vector{changed.build});
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().code == Errc::unknown_module);
  CHECK(missing.error().text.find("the content hash differs") != std::string::npos);
  CHECK(answer("which1").code.empty());
  CHECK(engine.which({changed.build}) == 1);
  const auto unknown = engine.modules.find_build(content_hash("never seen"));
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().text.find("never sent here") != std::string::npos);
}

TEST_CASE("a wrong signature names the build; an unknown function names what is shipped") {
  Engine engine;
  const ModuleBytes one = module_of("which1");
  CHECK(engine.modules.shipped().load(one).code.empty());
  const auto wrong =
      engine.modules.find("shipped::which", signature_of<int(double)>(), std::vector{one.build});
  REQUIRE_FALSE(wrong.ok());
  CHECK(wrong.error().code == Errc::wrong_signature);
  CHECK(wrong.error().text.find(short_text(one.build)) != std::string::npos);
  const auto unknown = engine.modules.find("shipped::witch", "");
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().text.find("did you mean shipped::which?") != std::string::npos);
}

TEST_CASE("the loader's thread loads in order and tells of each") {
  Engine engine;
  std::mutex mutex;
  std::vector<std::string> told;
  {
    engine::ModuleLoader loader(engine.modules.shipped(), [&](const wire::Have& have) {
      const std::lock_guard lock(mutex);
      told.push_back(have.name + have.code);
    });
    loader.push(module_of("which1"));
    loader.push(module_of("no_module"));
    loader.push(module_of("which2"));
    CHECK(test::comes_true([&] {
      const std::lock_guard lock(mutex);
      return told.size() == 3;
    }));
  }
  CHECK(told == std::vector<std::string>{"which1.so", "no_module.sounknown_module", "which2.so"});
}

TEST_CASE("what kills the loader's process is in the page, and what was loaded is not") {
  engine::Page page = engine::Page::create(engine::kRingBytesMin).or_throw();
  const ModuleBytes crashes = module_of("crashes");
  const pid_t child = ::fork();
  if (child == 0) {
    (void)std::signal(SIGABRT, SIG_DFL);  // not the test's own
    Engine engine;
    engine::ModuleLoader loader(
        engine.modules.shipped(), [](const wire::Have&) {}, &page);
    loader.push(module_of("which1"));
    loader.push(crashes);
    for (;;) ::pause();
  }
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK(page.read().loading == crashes.build);
}
