#include <future>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include "cli/call_words.hpp"
#include "cli/calling.hpp"
#include "cli/commands.hpp"
#include "cli/connect.hpp"
#include "cli/json_value.hpp"
#include "cli/line_reader.hpp"
#include "cli/live_lines.hpp"
#include "cli/under_way.hpp"
#include "cli/watch.hpp"

namespace roundhouse::cli {

namespace {

Json document_of(const Metadata& task, const Outcome<JsonValue>& outcome) {
  Json out = {{"msg_id", task.msg_id}, {"engine", nullptr}};
  if (task.engine_id) out["engine"] = *task.engine_id;
  out["out"] = task.stdout;
  out["err"] = task.stderr;
  if (outcome)
    out["result"] = outcome.value().json;
  else
    out["error"] = {{"name", outcome.error().name}, {"value", outcome.error().value}};
  return out;
}

constexpr int kNoEngine = -1;

// Lines of what tasks print go to standard error: standard output is for values.
std::shared_ptr<LiveLines> lines_of_tasks(bool several) {
  return std::make_shared<LiveLines>(several, std::cerr, std::cerr);
}

// Writes what they print as it comes. Ready when nothing more does.
template <class Result>
std::shared_future<void> show_output(const Result& result,
                                     const std::shared_ptr<LiveLines>& lines) {
  result.on_output([lines](const OutputPart& part) {
    lines->write(part.engine.value_or(kNoEngine), part.stream, part.text);
  });
  const auto over = std::make_shared<std::promise<void>>();
  result.on_done([lines, over](const AsyncTasks& done) {
    for (const Metadata& task : done.all_metadata()) lines->end(task.engine_id.value_or(kNoEngine));
    over->set_value();
  });
  return over->get_future().share();
}

// A map under way.
class Mapping {
 public:
  using Result = AsyncResult<std::vector<JsonValue>>;

  struct Piece {
    std::size_t first = 0;
    std::size_t size = 0;
    Result result;
    std::shared_future<void> shown;  // all that it printed
  };

  explicit Mapping(const MapOptions& options)
      : options_(options),
        input_(STDIN_FILENO),
        sequences_(options.words, [this] { return input_.next(); }),
        client_(connect(options.ask)),
        engines_(engines_for(client_, options)),
        message_(message_for(options, {})),
        watch_(client_, options.ask),
        lines_(lines_of_tasks(client_.size() > 1)),
        under_way_(room_for(client_), options.unordered, [this] { return submit(); }) {}

  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  ~Mapping() { input_.cancel(); }

  // The next piece, whose result is there; throws as Watch does.
  std::optional<Piece> take() {
    look();  // also when results come without being waited for
    std::optional<Piece> piece = under_way_.take([this] { look(); });
    if (!piece) return piece;
    watch_.await(piece->result, options_.limit);
    piece->shown.wait();
    return piece;
  }

 private:
  void look() {
    watch_.look();
    if (watch_.interrupt().signal() != 0)
      raise({Errc::aborted, "interrupted; what was submitted goes on (`roundhouse tasks`)"});
  }

  std::optional<Piece> submit() {
    std::optional<Sequences::Piece> piece = sequences_.next(options_.chunk);
    if (!piece) return std::nullopt;
    ApplyMessage message = message_;
    message.kind = CallKind::map;
    if (!engines_.empty()) message.engines = {engines_[pieces_++ % engines_.size()]};
    Result result =
        client_.send_apply_message(message, {&piece->arguments, 1}).as<std::vector<JsonValue>>();
    auto shown = show_output(result, lines_);
    return Piece{piece->first, piece->size, std::move(result), std::move(shown)};
  }

  const MapOptions& options_;
  LineReader input_;
  Sequences sequences_;
  Client client_;
  std::vector<int> engines_;
  ApplyMessage message_;  // of each piece, but for where it goes
  std::size_t pieces_ = 0;
  Watch watch_;
  std::shared_ptr<LiveLines> lines_;
  UnderWay<Piece> under_way_;  // last: its thread uses the others
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
    print_ids(results, out, ids);
    if (out.json()) out.document(ids);
    // Until the hub has it: what was not sent would be gone with this program.
    return (void)client.result_status(results);
  }
  std::shared_future<void> shown;
  if (!out.json()) shown = show_output(results, lines_of_tasks(engines.size() > 1));
  Watch(client, options.ask).await(results, options.limit);
  if (shown.valid()) shown.wait();
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
