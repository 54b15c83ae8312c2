#include "engine/interpreter/scope.hpp"

#include <memory>
#include <mutex>
#include <set>

namespace roundhouse::engine::interpreter {

namespace {

// Some name that code knows once it includes roundhouse/this_engine.hpp. Which of its variables the
// linker has depends on what of it the code has used.
constexpr const char* kOfHeader = "roundhouse::this_engine::stop_requested";

constexpr const char* kWithin = "rh_within";
constexpr const char* kAttach = "rh_attach";
constexpr const char* kCode = R"(
extern "C" void rh_within(const ::roundhouse::Invocation& call, void (*work)(void*), void* data) {
  const ::roundhouse::detail::CallScope scope(call);
  work(data);
}
extern "C" void rh_attach(::roundhouse::EngineApi* engine) {
  ::roundhouse::detail::attached_engine.store(engine);
})";

void keep_for_ever(const std::shared_ptr<Jit>& code) {
  static std::mutex mutex;
  static auto& all = *std::make_unique<std::set<std::shared_ptr<Jit>>>().release();
  const std::lock_guard lock(mutex);
  all.insert(code);
}

}  // namespace

void Scope::find(Unit& unit, EngineApi& engine) {
  if (within_ != nullptr || unit.compiler().functions(kOfHeader).empty()) return;
  unit.add(kCode);
  keep_for_ever(unit.jit());
  reinterpret_cast<Attach>(unit.jit()->find(kAttach))(&engine);
  within_ = reinterpret_cast<Within>(unit.jit()->find(kWithin));
}

void Scope::run(const Invocation& call, const std::function<void()>& work) const {
  if (within_ == nullptr) return work();
  const auto run = [](void* data) { (*static_cast<const std::function<void()>*>(data))(); };
  within_(call, run, const_cast<std::function<void()>*>(&work));
}

}  // namespace roundhouse::engine::interpreter
