#include <algorithm>
#include <condition_variable>
#include <deque>
#include <iostream>
#include <mutex>
#include <optional>
#include <semaphore>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include <unistd.h>

#include "cli/call_words.hpp"
#include "cli/commands.hpp"
#include "cli/connect.hpp"
#include "cli/json_value.hpp"
#include "cli/line_reader.hpp"

namespace roundhouse::cli {

namespace {

constexpr std::size_t kAheadPerEngine = 8;  // pieces of a map that are under way at a time
constexpr std::size_t kAheadMin = 32;
constexpr const char* kBetweenIds = ", \n\t";

Dependency dependency_of(const std::string& ids) {
  std::vector<std::string> out;
  for (std::size_t at = 0; (at = ids.find_first_not_of(kBetweenIds, at)) != std::string::npos;) {
    const std::size_t end = std::min(ids.find_first_of(kBetweenIds, at), ids.size());
    out.push_back(ids.substr(at, end - at));
    at = end;
  }
  return Dependency(out);
}

Limit limit_for(const std::optional<Duration>& time) {
  return time ? Limit(*time) : Limit(no_limit);
}

ApplyMessage message_for(const CallOptions& options, const std::vector<int>& engines) {
  ApplyMessage message;
  message.function = options.function;
  message.engines = engines;
  message.label = options.label;
  message.retries = options.retries;
  message.priority = options.priority;
  message.after = dependency_of(options.after);
  message.follow = dependency_of(options.follow);
  message.timeout = limit_for(options.dependency_timeout);
  message.time_limit = limit_for(options.time_limit);
  return message;
}

std::vector<int> engines_for(const Client& client, const CallOptions& options) {
  if (options.engines.empty()) return {};
  const auto refuse = [](bool given, const char* option) {
    if (given)
      throw UsageError(std::string(option) +
                       " is for tasks that the scheduler places: leave --engine out");
  };
  refuse(options.retries > 0, "--retries");
  refuse(options.priority != 0, "--priority");
  refuse(!options.after.empty(), "--after");
  refuse(!options.follow.empty(), "--follow");
  refuse(options.dependency_timeout.has_value(), "--dependency-timeout");
  refuse(options.time_limit.has_value(), "--time-limit");
  return resolve_engines(client, options.engines);
}

Timeout limit_of(const CallOptions& options) {
  return options.limit ? Timeout(*options.limit) : Timeout();
}

Json document_of(const Metadata& task, const Outcome<JsonValue>& outcome) {
  Json out = {{"msg_id", task.msg_id}, {"engine", nullptr}};
  if (task.engine_id) out["engine"] = *task.engine_id;
  if (outcome)
    out["result"] = outcome.value().json;
  else
    out["error"] = {{"name", outcome.error().name}, {"value", outcome.error().value}};
  return out;
}

// A map under way: a thread of its own takes elements and submits them, as far ahead as there is
// room for, so that results are printed while it waits for lines.
class Mapping {
 public:
  using Result = AsyncResult<std::vector<JsonValue>>;

  struct Piece {
    std::size_t first = 0;
    std::size_t size = 0;
    Result result;
  };

  explicit Mapping(const MapOptions& options)
      : options_(options),
        lines_(STDIN_FILENO),
        sequences_(options.words, [this] { return lines_.next(); }),
        client_(connect(options.ask)),
        engines_(engines_for(client_, options)),
        message_(message_for(options, {})),
        room_(static_cast<std::ptrdiff_t>(std::max(kAheadMin, kAheadPerEngine * client_.size()))),
        thread_([this](const std::stop_token& stop) { submit_all(stop); }) {}

  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  ~Mapping() {
    thread_.request_stop();
    lines_.cancel();
    room_.release();
  }

  // The piece whose result is printed next, with room for another one behind it; nothing behind the
  // last one.
  std::optional<Piece> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !next_.empty() || failure_ || (over_ && taken_ == pieces_); });
    if (failure_) std::rethrow_exception(failure_);
    if (next_.empty()) return std::nullopt;
    Piece piece = std::move(next_.front());
    next_.pop_front();
    ++taken_;
    room_.release();
    return piece;
  }

 private:
  void submit_all(const std::stop_token& stop) {
    std::exception_ptr failure;
    try {
      while (true) {
        room_.acquire();
        std::optional<Sequences::Piece> piece = sequences_.next(options_.chunk);
        if (!piece || stop.stop_requested()) break;
        submit(*std::move(piece));
      }
    } catch (...) {
      failure = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    over_ = true;
    failure_ = failure;
    changed_.notify_one();
  }

  void submit(Sequences::Piece piece) {
    ApplyMessage message = message_;
    message.kind = CallKind::map;
    if (!engines_.empty()) message.engines = {engines_[pieces_ % engines_.size()]};
    Result result =
        client_.send_apply_message(message, {&piece.arguments, 1}).as<std::vector<JsonValue>>();
    {
      const std::lock_guard lock(mutex_);
      ++pieces_;
    }
    if (!options_.unordered) return put({piece.first, piece.size, std::move(result)});
    result.on_done([this, first = piece.first, size = piece.size](const Result& done) {
      put({first, size, done});
    });
  }

  void put(Piece piece) {
    const std::lock_guard lock(mutex_);
    next_.push_back(std::move(piece));
    changed_.notify_one();
  }

  const MapOptions& options_;
  LineReader lines_;
  Sequences sequences_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Piece> next_;  // in order of their elements, or as they were done
  std::size_t pieces_ = 0;  // submitted
  std::size_t taken_ = 0;
  bool over_ = false;  // all are submitted
  std::exception_ptr failure_;

  Client client_;  // goes before what its callbacks touch
  std::vector<int> engines_;
  ApplyMessage message_;  // of each piece, but for where it goes
  std::counting_semaphore<> room_;
  std::jthread thread_;  // last member: joined before anything it uses is destroyed
};

// "element 4", "elements 4 to 7".
std::string place_of(const Mapping::Piece& piece) {
  if (piece.size == 1) return "element " + std::to_string(piece.first);
  return "elements " + std::to_string(piece.first) + " to " +
         std::to_string(piece.first + piece.size - 1);
}

}  // namespace

void apply(const CallOptions& options, Output& out) {
  Encoded arguments = encode_words(options.words);
  const Client client = connect(options.ask);
  const std::vector<int> engines = engines_for(client, options);
  const AsyncListResult<JsonValue> results =
      client.send_apply_message(message_for(options, engines), {&arguments, 1})
          .as_list<JsonValue>();
  if (options.leave) {
    Json ids = Json::array();
    for (const std::string& id : results.msg_ids()) {
      if (!out.json()) out.line(id);
      ids.push_back({{"msg_id", id}});
    }
    if (out.json()) out.document(ids);
    // Until the hub has it: what was not sent would be gone with this program.
    return (void)client.result_status(results);
  }
  await_results(client, results, options.limit);
  const std::vector<Outcome<JsonValue>> outcomes = results.get(return_exceptions);
  Json document = Json::array();
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const Metadata task = results.metadata(i);
    document.push_back(document_of(task, outcomes[i]));
    if (!out.json() && outcomes[i])
      out.line((engines.size() > 1 ? std::to_string(engines[i]) + ": " : "") +
               printable(json_line(outcomes[i].value().json)));
  }
  if (out.json()) out.document(document);
  if (engines.size() > 1) return (void)results.get();
  (void)outcomes.front().value();
}

void map(const MapOptions& options, Output& out) {
  Mapping mapping(options);
  std::size_t pieces = 0;
  std::size_t failures = 0;
  std::string first_failure;
  for (; const std::optional<Mapping::Piece> piece = mapping.take(); ++pieces) {
    if (!piece->result.wait(limit_of(options)))
      throw TimeoutError("no result for " + place_of(*piece) + " in time; the tasks go on");
    const Outcome<std::vector<JsonValue>> outcome = piece->result.get(return_exceptions);
    if (outcome) {
      for (const JsonValue& value : *outcome)
        out.json() ? out.document(value.json) : out.line(printable(json_line(value.json)));
      continue;
    }
    if (outcome.error().name == "UnknownFunction") (void)outcome.value();  // so will all others
    const std::string text = place_of(*piece) + ": " + RemoteError(outcome.error()).what();
    if (failures++ == 0) first_failure = text;
    print_error("task_failed", text, out.json());
  }
  if (failures > 0)
    throw Exception(Errc::task_failed, std::to_string(failures) + " of " + std::to_string(pieces) +
                                           " tasks failed; the first: " + first_failure);
}

}  // namespace roundhouse::cli
