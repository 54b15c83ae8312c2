// What happens when a result is there, without a thread that waits for it: callbacks, std::future
// and co_await, as AsyncResult and AsyncMapResult have them.
//
//   ar.on_done([](const rh::AsyncResult<int>& done) { if (done.successful()) use(done.get()); });
//   std::future<std::string> text = ar.then([](const auto& done) { return show(done.get()); });
//   std::future<int> value = ar.future();                        // for code that knows those
//   int n = co_await view.apply_async(f, x);                     // in a coroutine
//
// Callbacks, and coroutines behind a co_await, run on the client's dispatcher thread, which is
// there from the first use on: one after the other, in the order of completion, under no lock. They
// may block, call and wait, also on results of the same client, and may let go of the client
// itself. Closing a client calls what is still waiting (get() throws ConnectionError then) and
// waits until that is over.
#pragma once

#include <coroutine>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <type_traits>
#include <utility>

namespace roundhouse::detail {

// Gives `promise` what `make` returns or throws.
template <class T, class F>
void fulfil(std::promise<T>& promise, F&& make) {
  try {
    if constexpr (std::is_void_v<T>) {
      make();
      promise.set_value();
    } else {
      promise.set_value(make());
    }
  } catch (...) {
    promise.set_exception(std::current_exception());
  }
}

template <class Result>
class Awaiter {
 public:
  explicit Awaiter(Result result) : result_(std::move(result)) {}

  [[nodiscard]] bool await_ready() const { return result_.ready(); }

  // The coroutine may be running elsewhere, and this be gone, before on_done() returns.
  void await_suspend(std::coroutine_handle<> waiting) const {
    const Result result = result_;
    result.on_done([waiting] { waiting.resume(); });
  }

  auto await_resume() const { return result_.get(); }

 private:
  Result result_;
};

// `Result` offers get(), ready() and tasks_.
template <class Result>
class Completion {
 public:
  // Calls `call` with the result, or with nothing, once it is ready; soon if it is. What leaves
  // `call` as an exception is written to the log and goes no further: use then() to get it.
  // Throws ConnectionError when the client is closed.
  template <class F>
  void on_done(F call) const {
    // Copyable, as std::function wants it, whatever `call` is.
    auto kept = std::make_shared<F>(std::move(call));
    if constexpr (std::is_invocable_v<F&, const Result&>) {
      self().tasks_.on_done([result = self(), kept] { (*kept)(result); });
    } else {
      // The result is held so that it comes.
      self().tasks_.on_done([result = self(), kept] { (*kept)(); });
    }
  }

  // The future of what `call`, given the ready result, returns or throws.
  template <class F>
  auto then(F call) const {
    using T = std::invoke_result_t<F&, const Result&>;
    std::promise<T> promise;
    std::future<T> out = promise.get_future();
    on_done([promise = std::move(promise), call = std::move(call)](const Result& result) mutable {
      fulfil(promise, [&]() -> T { return call(result); });
    });
    return out;
  }

  // The future of the value: what get() returns or throws. Unlike that of std::async it does not
  // wait when it goes away.
  [[nodiscard]] auto future() const {
    using T = decltype(self().get());
    if (!self().ready()) return then([](const Result& result) -> T { return result.get(); });
    std::promise<T> promise;
    fulfil(promise, [this]() -> T { return self().get(); });
    return promise.get_future();
  }

  // Goes on when the result is ready; the value of the expression is get(). The coroutine must
  // still be there then.
  [[nodiscard]] Awaiter<Result> operator co_await() const { return Awaiter<Result>(self()); }

 protected:
  Completion() = default;

 private:
  [[nodiscard]] const Result& self() const { return static_cast<const Result&>(*this); }
};

}  // namespace roundhouse::detail
