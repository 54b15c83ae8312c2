// rh::ref<T>("name"): an argument that stands for a named value of the engine that runs the task.
//
//   all["samples"] = std::vector{1.0, 2.0};
//   all.apply_sync(scale, rh::ref<std::vector<double>>("samples"), 0.5);
//
// A function that takes `T&` works on the named value itself, in place; one that takes `T` or
// `const T&` gets a copy or a look at it. The task fails with NameError when the engine has nothing
// under that name, with TypeError when it is of another type.
#pragma once

#include <string>
#include <utility>

namespace roundhouse {

template <class T>
struct Ref {
  std::string name;
};

template <class T>
[[nodiscard]] Ref<T> ref(std::string name) {
  return {std::move(name)};
}

}  // namespace roundhouse
