// AsyncHubResult: what a client gets of tasks that it has not submitted itself.
//
//   rh::AsyncResult<int> ar = client.get_result<int>(msg_id);     // whoever submitted it
//   int n = ar.get();
//   if (ar.from_hub()) ...                                        // then it is an AsyncHubResult
//   rh::AsyncHubResult<int> hub(ar);
//
// It is an AsyncResult in every respect: waiting is woken by the hub when the task ends, also after
// another hub was started, and the submitting program may be gone. `received` in its metadata is
// when this client got the outcome; elapsed() counts from when the task was submitted. A result
// that the hub keeps no longer is a RemoteError named PayloadLost. Thread-safe.
#pragma once

#include <utility>

#include <roundhouse/async_result.hpp>
#include <roundhouse/error.hpp>

namespace roundhouse {

template <class T>
class AsyncHubResult : public AsyncResult<T> {
 public:
  AsyncHubResult() = default;

  AsyncHubResult(detail::Pending tasks, typename AsyncResult<T>::Collect collect)
      : AsyncResult<T>(std::move(tasks), collect) {}

  // The same handle under its name. Throws Exception (invalid) when it is of tasks of this client.
  explicit AsyncHubResult(AsyncResult<T> other) : AsyncResult<T>(std::move(other)) {
    if (!this->from_hub())
      throw Exception(Errc::invalid, "these tasks are this client's own: they are no hub result");
  }
};

}  // namespace roundhouse
