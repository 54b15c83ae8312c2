// Jobs: some tasks, however one has them: by id, as results, or any mix of lists of both.
//
//   client.wait(ar);                                   // an AsyncResult, or one of a map
//   client.wait(results, 5s);                          // a std::vector of them
//   client.wait({ar, "0123456789abcdef0123456789abcdef", client.outstanding()});
//
// Thread rule: plain values; results in it are held.
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <roundhouse/async_tasks.hpp>
#include <roundhouse/ids.hpp>
#include <roundhouse/msg_ids.hpp>

namespace roundhouse {

class Jobs {
 public:
  using Ids = MsgIds::Ids;  // consecutive tasks of a session

  // Throws Exception (invalid) for a text that is no id.
  Jobs(std::string_view id);

  Jobs(const std::string& id) : Jobs(std::string_view(id)) {}

  Jobs(const char* id) : Jobs(std::string_view(id)) {}

  Jobs(const TaskId& task) : ids_{{task.session, {task.sequence, task.sequence}}} {}

  Jobs(const Ids& ids) : ids_{ids} {}

  Jobs(const MsgIds& ids);

  Jobs(const AsyncTasks& result) : results_{result.tasks_} {}

  Jobs(std::initializer_list<Jobs> several) {
    for (const Jobs& each : several) add(each);
  }

  template <std::ranges::input_range Range>

  requires(!std::convertible_to<const Range&, std::string_view> &&
           !std::derived_from<Range, AsyncTasks> && !std::same_as<Range, MsgIds>)
      Jobs(const Range& several) {
    for (const auto& each : several) add(Jobs(each));
  }

  [[nodiscard]] const std::vector<Ids>& ids() const { return ids_; }

  [[nodiscard]] const std::vector<detail::Pending>& results() const { return results_; }

  // How many tasks they are; one that is named twice counts twice.
  [[nodiscard]] std::size_t size() const;

 private:
  void add(const Jobs& more);

  std::vector<Ids> ids_;
  std::vector<detail::Pending> results_;
};

}  // namespace roundhouse
