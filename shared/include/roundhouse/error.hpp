// What can go wrong, as codes that travel on the wire and as exceptions that a program catches.
//
// Inside the library an error that a caller should expect is a value: Result<T> (result.hpp), which
// holds an Error. At the edge of the public API it becomes one of the exceptions below, all of
// which derive from roundhouse::Exception, so that a program can catch as much or as little as it
// likes:
//
//   try {
//     view.apply_sync(survey, path);
//   } catch (const rh::EngineError& e) {     // the engine died under the task
//   } catch (const rh::UnmetDependency& e) { // it could not run: nor what it depends on, perhaps
//   } catch (const rh::RemoteError& e) {     // the task threw: e.name(), e.value(), e.engine_id()
//   } catch (const rh::Exception& e) {       // anything else: no hub, a timeout, a refusal
//   }
//
// Header only, so that a module of tasks can use it without linking anything.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roundhouse {

// Why something was not done. The names are on the wire and in `--json` output and never change
// their meaning; new ones are added at the end.
enum class Errc : std::uint8_t {
  invalid,           // an argument, option or value that makes no sense here
  refused,           // the other side will not do this, and says why in the text
  malformed,         // bytes that are not a message, or a message with fields missing or wrong
  too_large,         // over a limit that the text names
  version,           // the other side speaks another version of the protocol
  say_hello,         // something came before `hello`, or after the link was forgotten
  bad_secret,        // this session exists and was opened with another secret
  old_epoch,         // a message from an earlier life of the hub
  sequence_gap,      // a submission was skipped; the answer tells the number expected
  unknown_kind,      // a message kind that this version does not have
  unknown_engine,    // no engine has this id, or it has left
  unknown_task,      // no task has this id, or its record was purged
  unknown_session,   // no session has this id
  unknown_function,  // no loaded module has a task of this name
  unknown_module,    // the module cannot be found or loaded
  unknown_name,      // the engine's namespace has nothing under this name
  wrong_signature,   // the task exists, with other argument or result types
  no_engines,        // nothing is registered that could run it
  not_connected,     // there is no hub, or the connection was lost
  timeout,           // it did not happen in the time given
  closed,            // this client was closed, or the cluster is shutting down
  over_quota,        // more was asked for than this session may hold at once
  aborted,           // somebody called abort before the task ran
  task_failed,       // the task threw
  engine_lost,       // the engine died, or was lost, under the task
  payload_lost,      // the arguments or the result are no longer kept anywhere
  serialization,     // a value cannot be packed, or the bytes are not a value of this type
  store_failed,      // the results database refused: disk full, file damaged
  permission,        // files or folders that others can read or write, or that are not ours
  in_use,            // another process holds the run directory, path or port
  io_failed,         // the operating system refused; the text has its words
  forked,            // a client was used in the child of a fork
  config,            // a configuration file, flag or environment variable is wrong
  internal,          // a defect of Roundhouse itself
};

inline constexpr std::array<std::string_view, 34> kErrcNames{
    "invalid",        "refused",         "malformed",       "too_large",        "version",
    "say_hello",      "bad_secret",      "old_epoch",       "sequence_gap",     "unknown_kind",
    "unknown_engine", "unknown_task",    "unknown_session", "unknown_function", "unknown_module",
    "unknown_name",   "wrong_signature", "no_engines",      "not_connected",    "timeout",
    "closed",         "over_quota",      "aborted",         "task_failed",      "engine_lost",
    "payload_lost",   "serialization",   "store_failed",    "permission",       "in_use",
    "io_failed",      "forked",          "config",          "internal"};
static_assert(kErrcNames.size() == static_cast<std::size_t>(Errc::internal) + 1,
              "every code has its name, in the same order");

// The stable wire name: "unknown_engine".
[[nodiscard]] constexpr std::string_view to_string(Errc code) {
  const auto index = static_cast<std::size_t>(code);
  return index < kErrcNames.size() ? kErrcNames[index] : std::string_view{"internal"};
}

// The code of a wire name; nothing when this version does not know it.
[[nodiscard]] constexpr std::optional<Errc> errc_from_string(std::string_view name) {
  for (std::size_t i = 0; i < kErrcNames.size(); ++i) {
    if (kErrcNames[i] == name) return static_cast<Errc>(i);
  }
  return std::nullopt;
}

// A code for programs and one line for people, which says what to do where that is known.
struct Error {
  Errc code = Errc::internal;
  std::string text;

  friend bool operator==(const Error&, const Error&) = default;
};

// Exceptions are compared across shared libraries (a module throws, the engine catches), so their
// type information must be visible even where everything else is hidden.
#define RH_VISIBLE [[gnu::visibility("default")]]

// The base of everything that Roundhouse throws. what() is the text of the error.
class RH_VISIBLE Exception : public std::runtime_error {
 public:
  explicit Exception(const Error& error) : std::runtime_error(error.text), code_(error.code) {}

  Exception(Errc code, const std::string& text) : std::runtime_error(text), code_(code) {}

  [[nodiscard]] Errc code() const noexcept { return code_; }

 private:
  Errc code_;
};

// No hub is running, it cannot be reached, it speaks another version or it sent the client away.
class RH_VISIBLE ConnectionError : public Exception {
 public:
  using Exception::Exception;

  explicit ConnectionError(const std::string& text) : Exception(Errc::not_connected, text) {}
};

// Something did not happen in the time that the caller gave. Whatever was asked for goes on: wait
// again, or abort it.
class RH_VISIBLE TimeoutError : public Exception {
 public:
  explicit TimeoutError(const std::string& text) : Exception(Errc::timeout, text) {}
};

// A view without engines was asked to do something, or no engine has registered yet.
class RH_VISIBLE NoEnginesRegistered : public Exception {
 public:
  explicit NoEnginesRegistered(const std::string& text) : Exception(Errc::no_engines, text) {}
};

// A value cannot be packed, or what came back is not of the type that was asked for.
class RH_VISIBLE SerializationError : public Exception {
 public:
  explicit SerializationError(const std::string& text) : Exception(Errc::serialization, text) {}
};

// A client was used in the child of a fork. Its threads and sockets stayed with the parent: make a
// new Client in the child.
class RH_VISIBLE ForkedError : public Exception {
 public:
  explicit ForkedError(const std::string& text) : Exception(Errc::forked, text) {}
};

// A configuration file, flag or environment variable is wrong; the text names it and its place.
class RH_VISIBLE ConfigError : public Exception {
 public:
  using Exception::Exception;

  explicit ConfigError(const std::string& text) : Exception(Errc::config, text) {}
};

// One try at a task that was tried more than once.
struct RemoteAttempt {
  std::optional<std::uint32_t> engine_id{};
  std::uint32_t incarnation = 0;  // which life of that engine's process
  std::string outcome{};          // "error", "engine_lost", "timed_out" or "unmet"
  std::string name{};             // of its error, shortened, and its text
  std::string value{};
  std::int64_t started_us = 0;  // UTC by the engine's clock, since 1970; 0 when it is not known

  friend bool operator==(const RemoteAttempt&, const RemoteAttempt&) = default;
};

// What is known about an error that happened on an engine.
struct RemoteErrorInfo {
  std::string name{};                        // type of what was thrown: "std::out_of_range"
  std::string value{};                       // its what()
  std::string traceback{};                   // where, as far as the engine knows; may be empty
  std::optional<std::uint32_t> engine_id{};  // nothing when it never reached an engine
  std::string msg_id{};                      // the task, as 32 hex digits
  // Of a task that was tried more than once: the latest 16 attempts, in order; this error is that
  // of the last. Empty when the first was the only one.
  std::vector<RemoteAttempt> attempts{};

  friend bool operator==(const RemoteErrorInfo&, const RemoteErrorInfo&) = default;
};

// A task ended with an error: most often because the function threw. Rethrown in the client by
// get(); what() is "name: value" and, where known, "(engine 3)"; "after 3 attempts" when it had
// retries.
class RH_VISIBLE RemoteError : public Exception {
 public:
  explicit RemoteError(RemoteErrorInfo info, Errc code = Errc::task_failed)
      : Exception(code, describe(info)), info_(std::move(info)) {}

  [[nodiscard]] const std::string& name() const noexcept { return info_.name; }

  [[nodiscard]] const std::string& value() const noexcept { return info_.value; }

  [[nodiscard]] const std::string& traceback() const noexcept { return info_.traceback; }

  [[nodiscard]] std::optional<std::uint32_t> engine_id() const noexcept { return info_.engine_id; }

  [[nodiscard]] const std::string& msg_id() const noexcept { return info_.msg_id; }

  // Of a task that was tried more than once: the latest 16, in order, this one included.
  [[nodiscard]] const std::vector<RemoteAttempt>& attempts() const noexcept {
    return info_.attempts;
  }

  [[nodiscard]] const RemoteErrorInfo& info() const noexcept { return info_; }

 protected:
  RemoteError(RemoteErrorInfo info, Errc code, const std::string& what)
      : Exception(code, what), info_(std::move(info)) {}

  [[nodiscard]] static std::string describe(const RemoteErrorInfo& info) {
    std::string text = info.name;
    if (!info.value.empty()) text += (text.empty() ? "" : ": ") + info.value;
    if (info.engine_id) text += " (engine " + std::to_string(*info.engine_id) + ")";
    constexpr std::size_t kToldMax = 16;
    if (const std::size_t tries = info.attempts.size(); tries > 1)
      text +=
          " after " + std::to_string(tries) + (tries < kToldMax ? "" : " or more") + " attempts";
    return text;
  }

 private:
  RemoteErrorInfo info_;
};

// The engine process died while the task ran (the text names the signal and its last output), or it
// was lost with no way of knowing whether the task ran. Retry only what may run twice.
class RH_VISIBLE EngineError : public RemoteError {
 public:
  explicit EngineError(RemoteErrorInfo info) : RemoteError(std::move(info), Errc::engine_lost) {}
};

// The task was aborted before it ran, or while it did.
class RH_VISIBLE TaskAborted : public RemoteError {
 public:
  explicit TaskAborted(RemoteErrorInfo info) : RemoteError(std::move(info), Errc::aborted) {}
};

using AbortedTask = TaskAborted;

// No engine may run the task: each lacks something that it requires, or says no to its predicate
// (depend.hpp). The value says which and what. A task, or a predicate, throws it itself where
// it finds that this engine is not the place: it is then tried elsewhere.
class RH_VISIBLE UnmetDependency : public RemoteError {
 public:
  // For tasks to throw.
  explicit UnmetDependency(const std::string& text)
      : RemoteError({"UnmetDependency", text, "", std::nullopt, ""}, Errc::refused, text) {}

  explicit UnmetDependency(RemoteErrorInfo info) : RemoteError(std::move(info), Errc::refused) {}

 protected:
  UnmetDependency(RemoteErrorInfo info, Errc code) : RemoteError(std::move(info), code) {}
};

// What the task depends on can no longer be met: a task ended as it should not have, or there is no
// engine left where it could follow (dependency.hpp). It never ran.
class RH_VISIBLE ImpossibleDependency : public UnmetDependency {
 public:
  explicit ImpossibleDependency(RemoteErrorInfo info)
      : UnmetDependency(std::move(info), Errc::refused) {}

 protected:
  using UnmetDependency::UnmetDependency;
};

// It depends on a task that does not exist, or that its client did not submit within 2 s, on itself
// or what comes after it, or follows one whose record was purged.
class RH_VISIBLE InvalidDependency : public ImpossibleDependency {
 public:
  explicit InvalidDependency(RemoteErrorInfo info)
      : ImpossibleDependency(std::move(info), Errc::invalid) {}
};

// What it depends on was not done within the view's `timeout`. No TimeoutError, after which one may
// wait again: the task has ended. Its code() is `timeout` all the same.
class RH_VISIBLE DependencyTimeout : public ImpossibleDependency {
 public:
  explicit DependencyTimeout(RemoteErrorInfo info)
      : ImpossibleDependency(std::move(info), Errc::timeout) {}
};

// The task ran for longer than the view's `time_limit`, and was stopped. Its code() is `timeout`.
class RH_VISIBLE TimeLimitExceeded : public RemoteError {
 public:
  explicit TimeLimitExceeded(RemoteErrorInfo info) : RemoteError(std::move(info), Errc::timeout) {}
};

// Some of several tasks ended with errors: of a map, or of a call on many engines. The other
// results are not lost: ask the AsyncResult for them one by one.
//
// name(), value() and the rest are those of the first error; errors() has all, in order of the
// calls.
class RH_VISIBLE CompositeError : public RemoteError {
 public:
  // `total` is how many tasks there were. Precondition: `errors` is not empty.
  CompositeError(std::vector<RemoteErrorInfo> errors, std::size_t total)
      : RemoteError(errors.empty() ? RemoteErrorInfo{} : errors.front(), Errc::task_failed,
                    summarize(errors, total)),
        errors_(std::move(errors)) {}

  [[nodiscard]] const std::vector<RemoteErrorInfo>& errors() const noexcept { return errors_; }

 private:
  static constexpr std::size_t kShownMax = 4;

  [[nodiscard]] static std::string summarize(const std::vector<RemoteErrorInfo>& errors,
                                             std::size_t total) {
    std::string text =
        std::to_string(errors.size()) + " of " + std::to_string(total) + " tasks failed";
    for (std::size_t i = 0; i < errors.size() && i < kShownMax; ++i) {
      text += "\n  " + describe(errors[i]);
    }
    if (errors.size() > kShownMax) {
      text += "\n  and " + std::to_string(errors.size() - kShownMax) + " more";
    }
    return text;
  }

  std::vector<RemoteErrorInfo> errors_;
};

// Throws the exception that stands for `error` at the edge of the public API.
[[noreturn]] inline void raise(const Error& error) {
  switch (error.code) {
    case Errc::timeout: throw TimeoutError(error.text);
    case Errc::no_engines: throw NoEnginesRegistered(error.text);
    case Errc::serialization: throw SerializationError(error.text);
    case Errc::forked: throw ForkedError(error.text);
    case Errc::config: throw ConfigError(error.text);
    case Errc::not_connected:
    case Errc::version:
    case Errc::bad_secret:
    case Errc::closed: throw ConnectionError(error);
    default: throw Exception(error);
  }
}

}  // namespace roundhouse
