// rh::Namespace: the named data of the engine that runs a task, for functions that take it.
//
//   double mean(rh::Namespace& engine, const std::string& name) {
//     const auto& samples = engine.get<const std::vector<double>>(name);
//     ...
//   }
//   RH_TASK(mean)
//
//   view.apply_sync(mean, "samples");            // the namespace is no argument of the call
//
// The same things as in this_engine.hpp, with the same rules; a function that takes it as its first
// parameter says with that that it works on what lies on the engine.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <roundhouse/this_engine.hpp>

namespace roundhouse {

class Namespace {
 public:
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;

  // See this_engine::get, set, has and names.
  template <class T>
  [[nodiscard]] T& get(std::string_view name) const {
    return this_engine::get<T>(name);
  }

  template <class T>
  void set(std::string_view name, T&& value) {
    this_engine::set(name, std::forward<T>(value));
  }

  [[nodiscard]] bool has(std::string_view name) const { return this_engine::has(name); }

  [[nodiscard]] std::vector<std::string> names() const { return this_engine::names(); }

 private:
  friend struct NamespaceAccess;

  Namespace() = default;
};

// For the entries of tasks.
struct NamespaceAccess {
  [[nodiscard]] static Namespace make() { return Namespace(); }
};

}  // namespace roundhouse
