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
#include "cli/under_way.hpp"

namespace roundhouse::cli {

namespace {

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

// A map under way.
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
        under_way_(room_for(client_), options.unordered, [this] { return submit(); }) {}

  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  ~Mapping() { lines_.cancel(); }

  std::optional<Piece> take() { return under_way_.take(); }

 private:
  std::optional<Piece> submit() {
    std::optional<Sequences::Piece> piece = sequences_.next(options_.chunk);
    if (!piece) return std::nullopt;
    ApplyMessage message = message_;
    message.kind = CallKind::map;
    if (!engines_.empty()) message.engines = {engines_[pieces_++ % engines_.size()]};
    return Piece{
        piece->first, piece->size,
        client_.send_apply_message(message, {&piece->arguments, 1}).as<std::vector<JsonValue>>()};
  }

  const MapOptions& options_;
  LineReader lines_;
  Sequences sequences_;
  Client client_;
  std::vector<int> engines_;
  ApplyMessage message_;  // of each piece, but for where it goes
  std::size_t pieces_ = 0;
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
