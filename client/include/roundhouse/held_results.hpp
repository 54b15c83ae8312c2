// HeldResults: the results that a client has, by msg_id.
//
//   const rh::HeldResults results = client.results();
//   for (const std::string& id : results.ids()) std::cout << id << '\n';
//   int value = results.get<int>(id);
//
// A result is there from the moment when it comes until the last handle on its call is gone: the
// hub keeps it longer. A look at the client as it is at each call. Thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include <roundhouse/arguments.hpp>
#include <roundhouse/msg_ids.hpp>
#include <roundhouse/outcome.hpp>
#include <roundhouse/pending.hpp>
#include <roundhouse/result_type.hpp>

namespace roundhouse {

class HeldResults {
 public:
  // Of tasks that are done, whatever they ended with.
  [[nodiscard]] MsgIds ids() const;

  [[nodiscard]] std::size_t size() const { return ids().size(); }

  [[nodiscard]] bool empty() const { return ids().empty(); }

  [[nodiscard]] bool contains(std::string_view msg_id) const;

  // The value. Throws what the task ended with; Exception (unknown_task) when there is no result
  // (yet, or any more), (invalid) for what is no id, (wrong_signature) when the task gives no T;
  // SerializationError when its types are not known and it is not a T.
  template <class T>
  [[nodiscard]] T get(std::string_view msg_id) const {
    const detail::ResultBytes bytes = find(msg_id, detail::result_type<T>());
    return decode_result<T>(bytes.body(), bytes.frames());
  }

 private:
  friend class Client;

  explicit HeldResults(std::shared_ptr<detail::Shell> shell) : shell_(std::move(shell)) {}

  [[nodiscard]] detail::ResultBytes find(std::string_view msg_id,
                                         const detail::ResultType& wanted) const;

  std::shared_ptr<detail::Shell> shell_;  // shared by the client, its views and its handles
};

}  // namespace roundhouse
