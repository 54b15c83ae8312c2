#include "engine/module.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <dlfcn.h>

#include <doctest/doctest.h>

#include "engine/task_host.hpp"
#include "tests/modules/typed_tasks.hpp"
#include "tests/support/temp_dir.hpp"
#include <roundhouse/arguments.hpp>
#include <roundhouse/named_values.hpp>

namespace rh = roundhouse;
using rh::Encoded;
using rh::Errc;
using rh::Reply;
using rh::engine::ModuleSet;
using rh::engine::TaskHost;

namespace {

const std::string kModule = RH_BINARY_DIR "/lib/typed_tasks.so";

// An engine with the test module, without the engine.
struct Engine {
  std::string progress;
  TaskHost host{2, [this](double, std::string_view text) { progress = text; }};
  ModuleSet modules{host};

  Engine() {
    host.set_engine_id(rh::EngineId{7});
    const auto loaded = modules.load(kModule);
    REQUIRE_MESSAGE(loaded.ok(), kModule);
  }

  Reply call(std::string_view name, std::string_view signature, const Encoded& arguments) {
    const auto task = modules.find(name, signature);
    REQUIRE(task.ok());
    Reply reply;
    (*task)->invoke({arguments.body, arguments.frames, &host}, reply);
    return reply;
  }

  template <class R, class... A>
  rh::ResultType<R> result(std::string_view name, A&&... arguments) {
    const Reply reply =
        call(name, rh::signature_of<R(A...)>(), rh::encode_values(std::forward<A>(arguments)...));
    REQUIRE_MESSAGE(reply.ok, reply.error.value);
    return rh::decode_result<rh::ResultType<R>>(reply.result.body, reply.result.frames);
  }

  void push(std::string name, rh::PackedValue value) {
    const std::vector<rh::NamedValue> values{{std::move(name), std::move(value)}};
    REQUIRE(call(rh::kPushTask, "", rh::encode_named_values(values)).ok);
  }

  template <class T>
  T pull(const std::string& name) {
    const Reply reply = call(rh::kPullTask, "", rh::encode_names(std::vector<std::string>{name}));
    REQUIRE_MESSAGE(reply.ok, reply.error.value);
    const auto values = rh::decode_named_values(reply.result.body, reply.result.frames);
    REQUIRE(values.size() == 1);
    return rh::unpack_value<T>(values[0].packed);
  }
};

TEST_CASE("tasks of a module are called by name and signature") {
  Engine engine;
  CHECK(engine.result<int>("add", 2, 3) == 5);
  CHECK(engine.result<typed_tasks::Survey>("survey", "path", std::uint64_t{4}).path == "path");
  CHECK(engine.result<double>("typed_tasks::sum_span", std::vector<double>(5000, 1.0)) == 5000);
  CHECK(engine.result<std::string>("typed_tasks::repeat", "ab", 2U) == "abab");
}

TEST_CASE("a module's own functions are not those of the program that loads it") {
  // The program has no registry of its own here, and the module's is hidden.
  Engine engine;
  void* handle = ::dlopen(kModule.c_str(), RTLD_NOW | RTLD_NOLOAD);
  REQUIRE(handle != nullptr);
  CHECK(::dlsym(handle, "_ZN10roundhouse6detail10first_taskE") == nullptr);
  CHECK(::dlsym(handle, rh::kModuleEntry) != nullptr);
  ::dlclose(handle);
}

TEST_CASE("an unknown name tells what there is") {
  TaskHost host(1);
  ModuleSet empty(host);
  auto found = empty.find("add", "");
  REQUIRE_FALSE(found.ok());
  CHECK(found.error().code == Errc::unknown_function);
  CHECK(found.error().text.find("has loaded no module") != std::string::npos);

  Engine engine;
  found = engine.modules.find("surwey", "");
  CHECK(found.error().text.find("did you mean survey?") != std::string::npos);
  CHECK(found.error().text.find("typed_tasks (") != std::string::npos);
  found = engine.modules.find("sum_span", "");
  CHECK(found.error().text.find("did you mean typed_tasks::sum_span?") != std::string::npos);
  found = engine.modules.find("quite_another_thing", "");
  CHECK(found.error().text.find("did you mean") == std::string::npos);
  found = engine.modules.find("roundhouse.shove", "");
  CHECK(found.error().text.find("roundhouse.push") != std::string::npos);
}

TEST_CASE("a wrong signature shows both") {
  Engine engine;
  const auto found = engine.modules.find("add", rh::signature_of<double(double)>());
  REQUIRE_FALSE(found.ok());
  CHECK(found.error().code == Errc::wrong_signature);
  CHECK(found.error().text.find("add takes (int, int) and returns int") != std::string::npos);
  CHECK(found.error().text.find("takes (double) and returns double") != std::string::npos);
  CHECK(engine.modules.find("add", "").ok());
}

TEST_CASE("loading the same file again does nothing, a copy of it is refused") {
  const rh::test::TempDir folder;
  Engine engine;
  CHECK(engine.modules.load(kModule).ok());
  const std::string link = folder.file("link.so");
  std::filesystem::create_symlink(kModule, link);
  CHECK(engine.modules.load(link).ok());
  const std::string copy = folder.file("copy.so");
  std::filesystem::copy_file(kModule, copy);
  const auto refused = engine.modules.load(copy);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Errc::refused);
  CHECK(refused.error().text.find("has a task named") != std::string::npos);
  CHECK(engine.modules.modules().size() == 1);
  CHECK(engine.modules.tasks().size() == 21);
}

TEST_CASE("a file that changed since is refused") {
  const rh::test::TempDir folder;
  const std::string copy = folder.file("copy.so");
  std::filesystem::copy_file(kModule, copy);
  TaskHost host(1);
  ModuleSet modules(host);
  REQUIRE(modules.load(copy).ok());
  std::filesystem::last_write_time(copy, std::filesystem::file_time_type{});
  const auto refused = modules.load(copy);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().text.find("restart the engine") != std::string::npos);
}

TEST_CASE("what is no module is refused, with the reason") {
  const rh::test::TempDir folder;
  TaskHost host(1);
  ModuleSet modules(host);
  auto refused = modules.load("/nowhere/x.so");
  CHECK(refused.error().code == Errc::unknown_module);
  CHECK(refused.error().text.find("No such file") != std::string::npos);
  refused = modules.load(folder.path());
  CHECK(refused.error().code == Errc::unknown_module);
  ::Dl_info info{};
  REQUIRE(::dladdr(reinterpret_cast<void*>(&::dlsym), &info) != 0);
  refused = modules.load(info.dli_fname);
  CHECK(refused.error().text.find("roundhouse_add_module()") != std::string::npos);
}

TEST_CASE("a module for another Roundhouse or compiler is refused before it is used") {
  rh::ModuleInfo info;
  info.tasks = []() noexcept -> const rh::TaskInfo* { return nullptr; };
  CHECK(rh::engine::check_module(&info, "x.so").ok());
  info.abi_version = 99;
  info.tasks = nullptr;
  CHECK(rh::engine::check_module(&info, "x.so").error().code == Errc::version);
  info.abi_version = rh::kModuleAbiVersion;
  info.abi = "another C++ library";
  const auto refused = rh::engine::check_module(&info, "x.so");
  CHECK(refused.error().text.find("another C++ library") != std::string::npos);
  CHECK(rh::engine::check_module(nullptr, "x.so").error().code == Errc::refused);
}

TEST_CASE("tasks with nameless types or names of the engine's own are refused") {
  static rh::TaskInfo task;
  rh::ModuleInfo info;
  info.tasks = []() noexcept -> const rh::TaskInfo* { return &task; };
  task.name = "f";
  task.signature = "FvZ4mainE1XE";
  CHECK(rh::engine::check_module(&info, "x.so").error().code == Errc::refused);
  task.signature = "FvvE";
  CHECK(rh::engine::check_module(&info, "x.so").ok());
  task.name = "roundhouse.push";
  CHECK(rh::engine::check_module(&info, "x.so").error().code == Errc::refused);
}

TEST_CASE("a reference works on the named value in place") {
  Engine engine;
  engine.push("v", rh::pack_value(std::vector<double>{1, 2}));
  engine.result<void>("typed_tasks::scale", rh::ref<std::vector<double>>("v"), 3.0);
  CHECK(engine.pull<std::vector<double>>("v") == std::vector<double>{3, 6});
  engine.result<void>("typed_tasks::scale_named", "v", 2.0);
  CHECK(engine.pull<std::vector<double>>("v") == std::vector<double>{6, 12});
  CHECK(engine.result<double>("typed_tasks::sum_span", rh::ref<std::vector<double>>("v")) == 18);
}

TEST_CASE("a reference to nothing, or to something else, is an error of the task") {
  Engine engine;
  const auto failed = [&](std::string name) {
    return engine
        .call("typed_tasks::sum_span", "",
              rh::encode_values(rh::ref<std::vector<double>>(std::move(name))))
        .error;
  };
  CHECK(failed("nothing").name == "NameError");
  engine.push("text", rh::pack_value("text"));
  CHECK(failed("text").name == "TypeError");
  CHECK(failed("text").value ==
        "'text' is a std::string on this engine, and was asked for as a std::vector<double>");
}

TEST_CASE("a function whose first parameter is the namespace gets it, and no argument for it") {
  Engine engine;
  engine.push("v", rh::pack_value(std::vector<double>{1, 3}));
  CHECK(engine.result<double>("mean_of", "v") == 2);
  engine.result<void>("set_offset", 0.5);
  CHECK(engine.pull<double>("offset") == 0.5);
  CHECK(engine.result<double>("offset_by", 1.0) == 1.5);
  Encoded list;
  rh::encode_map_arguments<double>(list, std::vector<double>{1, 2});
  const auto task = engine.modules.find("offset_by", rh::signature_of<double(double)>());
  REQUIRE(task.ok());
  Reply reply;
  (*task)->invoke_as(rh::CallKind::map)({list.body, list.frames, &engine.host}, reply);
  REQUIRE_MESSAGE(reply.ok, reply.error.value);
  CHECK(rh::decode_result<std::vector<double>>(reply.result.body, reply.result.frames) ==
        std::vector<double>{1.5, 2.5});
}

TEST_CASE("a task knows its engine") {
  Engine engine;
  CHECK(engine.result<std::uint32_t>("engine_id") == 7);
}

TEST_CASE("a task keeps values, and tells how far it is") {
  Engine engine;
  engine.result<void>("typed_tasks::keep", "v", std::vector<double>{1, 2});
  CHECK(engine.pull<std::vector<double>>("v") == std::vector<double>{1, 2});
  CHECK(engine.pull<std::string>("v as text") == "kept");
  CHECK(engine.result<std::vector<std::string>>("typed_tasks::kept_names") ==
        std::vector<std::string>{"v", "v as text"});
  CHECK(engine.progress == "half way");
}

TEST_CASE("tasks run in several slots at once") {
  Engine engine;
  engine.push("v", rh::pack_value(std::vector<double>(100, 1.0)));
  const auto work = [&] {
    for (int i = 0; i < 300; ++i) {
      CHECK(engine.result<int>("add", i, 1) == i + 1);
      CHECK(engine.result<double>("typed_tasks::sum_span", rh::ref<std::vector<double>>("v")) ==
            100);
    }
  };
  std::vector<std::jthread> slots;
  for (int slot = 0; slot < 4; ++slot) slots.emplace_back(work);
}

}  // namespace
