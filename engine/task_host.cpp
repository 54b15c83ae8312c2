#include "engine/task_host.hpp"

#include <utility>

namespace roundhouse::engine {

std::uint32_t TaskHost::engine_id() const noexcept {
  return engine_id_.load(std::memory_order_relaxed);
}

void TaskHost::report_progress(double fraction, std::string_view text) noexcept {
  if (progress_) progress_(fraction, text);
}

Lookup TaskHost::get(std::string_view name, const ObjectType& type, bool writes, Pin& pin,
                     std::string& error) noexcept {
  return namespace_.get(name, type, writes, pin, error);
}

void TaskHost::set(std::string_view name, const ObjectType& type, void* object) noexcept {
  namespace_.set(name, type, object);
}

Lookup TaskHost::pull(std::string_view name, PackedValue& out, std::string& error) noexcept {
  return namespace_.pull(name, out, error);
}

void TaskHost::push(std::string_view name, PackedValue value) noexcept {
  namespace_.push(name, std::move(value));
}

bool TaskHost::has(std::string_view name) const noexcept {
  return namespace_.has(name);
}

std::vector<std::string> TaskHost::names() const {
  return namespace_.names();
}

void TaskHost::clear() noexcept {
  namespace_.clear();
}

}  // namespace roundhouse::engine
