#include "engine/task_host.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include <roundhouse/type_name.hpp>

namespace roundhouse::engine {

std::uint32_t TaskHost::engine_id() const noexcept {
  return engine_id_.load(std::memory_order_relaxed);
}

void TaskHost::set_output(TaskOutput* output) {
  output_ = output;
  source_.set_output(output);
  commands_.tell([output](std::uint32_t stream, std::string_view bytes) {
    if (output != nullptr) output->add(stream, bytes);
  });
}

void TaskHost::report_progress(double fraction, std::string_view text) noexcept {
  if (progress_) progress_(fraction, text);
}

Lookup TaskHost::get(std::string_view name, const ObjectType& type, bool writes, Pin& pin,
                     std::string& error) noexcept {
  const Lookup found = namespace_.get(name, type, writes, pin, error);
  const auto code = found == Lookup::no_such_name ? source_.interpreter() : nullptr;
  if (code == nullptr) return found;
  return or_names(code->get(name, type, pin, error), name, error);
}

// An error about a name that neither has speaks of the names of both.
Lookup TaskHost::or_names(Lookup found, std::string_view name, std::string& error) const {
  if (found == Lookup::no_such_name) error = no_such_name(name, names());
  return found;
}

void TaskHost::set(std::string_view name, const ObjectType& type, void* object) noexcept {
  if (const auto code = source_.interpreter(); code != nullptr && code->has(name)) {
    PackedValue value{std::string(type.packed), {}};
    std::string ignored;
    if (!type.encode(object, value.value, ignored)) value = {};  // code is to forget the name
    if (code->assign(name, value)) return type.destroy(object);
  }
  namespace_.set(name, type, object);
}

Lookup TaskHost::pull(std::string_view name, PackedValue& out, std::string& error) noexcept {
  const Lookup found = namespace_.pull(name, out, error);
  const auto code = found == Lookup::no_such_name ? source_.interpreter() : nullptr;
  if (code == nullptr) return found;
  return or_names(code->pull(name, out, error), name, error);
}

void TaskHost::push(std::string_view name, PackedValue value) noexcept {
  const auto code = source_.interpreter();
  if (code != nullptr && code->assign(name, value)) return;
  namespace_.push(name, std::move(value));
}

bool TaskHost::has(std::string_view name) const noexcept {
  if (namespace_.has(name)) return true;
  const auto code = source_.interpreter();
  return code != nullptr && code->has(name);
}

std::vector<std::string> TaskHost::names() const {
  std::vector<std::string> out = namespace_.names();
  if (const auto code = source_.interpreter()) {
    std::ranges::move(code->names(), std::back_inserter(out));
    std::ranges::sort(out);
    out.erase(std::unique(out.begin(), out.end()), out.end());
  }
  return out;
}

std::vector<KnownName> TaskHost::declared() const {
  std::map<std::string, std::string> all;
  if (const auto code = source_.interpreter())
    for (KnownName& each : code->declared()) all[each.name] = std::move(each.what);
  for (const std::string& name : namespace_.names())
    if (const auto type = namespace_.type_of(name)) all[name] = readable_type(*type);
  std::vector<KnownName> out;
  for (auto& [name, what] : all) out.push_back({name, what});
  return out;
}

void TaskHost::clear() noexcept {
  source_.clear();
  lambdas_.clear();
  namespace_.clear();
}

}  // namespace roundhouse::engine
