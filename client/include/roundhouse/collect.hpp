// How the values of results are made of the packed results of tasks. Not for programs.
//
// Thread rule: plain functions; any thread. Precondition: the tasks are done.
#pragma once

#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>
#include <vector>

#include <roundhouse/arguments.hpp>
#include <roundhouse/pending.hpp>

namespace roundhouse::detail {

// As what the results of a function that returns R arrive.
template <class R>
using ResultOf = std::remove_cvref_t<R>;

// How the value of a result, and that of one of its tasks, is read.
template <class T>
using Collect = T (*)(const Pending& tasks);
template <class T>
using Read = T (*)(const Pending& tasks, std::size_t index);

// Reads the result of one task. Precondition: it ended well.
template <class R>
R read_result(const Pending& tasks, std::size_t index) {
  const ResultBytes bytes = tasks.bytes(index);
  return decode_result<R>(bytes.body(), bytes.frames());
}

// The same as a list of one, or whatever `read` makes of it.
template <class R, Read<R> read = &read_result<R>>
std::vector<R> read_one(const Pending& tasks, std::size_t index) {
  std::vector<R> out;
  out.push_back(read(tasks, index));
  return out;
}

// One engine was asked.
template <class R>
R collect_one(const Pending& tasks) {
  tasks.check(0);
  return read_result<R>(tasks, 0);
}

// R of one engine, std::vector<R> of several; nothing of nothing.
template <class R>
struct ManyOf {
  using type = std::vector<R>;
};

template <>
struct ManyOf<void> {
  using type = void;
};

// Several were asked (though it may be just one).
template <class R, Read<R> read = &read_result<R>>
typename ManyOf<R>::type collect_many(const Pending& tasks) {
  tasks.check_all();
  if constexpr (!std::is_void_v<R>) {
    std::vector<R> out;
    out.reserve(tasks.size());
    for (std::size_t i = 0; i < tasks.size(); ++i) out.push_back(read(tasks, i));
    return out;
  }
}

// Each task has a list; they are joined.
template <class R>
typename ManyOf<R>::type collect_joined(const Pending& tasks) {
  tasks.check_all();
  if constexpr (!std::is_void_v<R>) {
    std::vector<R> out;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      std::vector<R> part = read_result<std::vector<R>>(tasks, i);
      if (out.empty()) {
        out = std::move(part);
        out.reserve(out.size() * tasks.size());
      } else {
        out.insert(out.end(), std::make_move_iterator(part.begin()),
                   std::make_move_iterator(part.end()));
      }
    }
    return out;
  }
}

}  // namespace roundhouse::detail
