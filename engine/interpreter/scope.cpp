#include "engine/interpreter/scope.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <set>

namespace roundhouse::engine::interpreter {

namespace {

// detail::attached_engine, as code has it that includes Roundhouse's headers.
constexpr const char* kAttachedEngine = "_ZN10roundhouse6detail15attached_engineE";

constexpr const char* kWithin = "rh_within";
constexpr const char* kCode = R"(
extern "C" void rh_within(const ::roundhouse::Invocation& call, void (*work)(void*), void* data) {
  const ::roundhouse::detail::CallScope scope(call);
  [[maybe_unused]] const void* const engine = &::roundhouse::detail::attached_engine;
  work(data);
})";

void keep_for_ever(const std::shared_ptr<Jit>& code) {
  static std::mutex mutex;
  static auto& all = *std::make_unique<std::set<std::shared_ptr<Jit>>>().release();
  const std::lock_guard lock(mutex);
  all.insert(code);
}

}  // namespace

void Scope::find(Unit& unit, EngineApi& engine) {
  if (within_ != nullptr) return;
  void* const attached = unit.jit()->find(kAttachedEngine);
  if (attached == nullptr) return;
  static_cast<std::atomic<EngineApi*>*>(attached)->store(&engine);
  keep_for_ever(unit.jit());
  unit.add(kCode);
  within_ = reinterpret_cast<Within>(unit.jit()->find(kWithin));
}

void Scope::run(const Invocation& call, const std::function<void()>& work) const {
  if (within_ == nullptr) return work();
  const auto run = [](void* data) { (*static_cast<const std::function<void()>*>(data))(); };
  within_(call, run, const_cast<std::function<void()>*>(&work));
}

}  // namespace roundhouse::engine::interpreter
