#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "cli/calling.hpp"
#include "cli/commands.hpp"
#include "cli/connect.hpp"
#include "cli/interrupt.hpp"
#include "cli/items.hpp"
#include "cli/line_reader.hpp"
#include "cli/live_text.hpp"
#include "cli/under_way.hpp"
#include "cli/watch.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::cli {

namespace {

constexpr const char* kStandardInput = "-";
constexpr const char* kItemVariable = "ROUNDHOUSE_ITEM";

// This folder, and what is said from here: as other schedulers have it. Where the hub is elsewhere
// nobody knows whether its engines have this folder, and the engine's is as good.
std::string folder_for(const SubmitOptions& options) {
  namespace fs = std::filesystem;
  if (!options.cwd.empty()) return fs::absolute(options.cwd).lexically_normal().string();
  std::error_code gone;  // then it is empty
  return is_here(run_dir_of(options.ask.cluster)) ? fs::current_path(gone).string() : std::string();
}

CommandOptions command_options(const SubmitOptions& options) {
  CommandOptions out;
  out.cwd = folder_for(options);
  for (const std::string& variable : options.env) {
    const std::size_t equals = variable.find('=');
    out.env[variable.substr(0, equals)] = variable.substr(equals + 1);
  }
  if (!options.input.empty()) out.stdin = text_of(options.input);
  out.check = true;
  return out;
}

// A file, or standard input, line by line.
class Lines {
 public:
  explicit Lines(const std::string& path)
      : file_(path.empty() || path == kStandardInput ? -1
                                                     : open(path.c_str(), O_RDONLY | O_CLOEXEC)),
        lines_(path == kStandardInput ? STDIN_FILENO : file_) {
    if (file_ < 0 && !path.empty() && path != kStandardInput)
      raise({Errc::io_failed, "cannot read '" + path + "': " + std::strerror(errno)});
  }

  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  ~Lines() {
    if (file_ >= 0) close(file_);
  }

  [[nodiscard]] LineReader& get() { return lines_; }

 private:
  int file_;
  LineReader lines_;
};

// The commands for all items, one after the other.
class Batch {
 public:
  struct Piece {
    std::string item;
    AsyncResult<CommandResult> result;
  };

  Batch(const SubmitOptions& options, const Client& client)
      : options_(options),
        numbers_(Numbers::parse(options.array)),
        lines_(options.each_line),
        client_(client),
        engines_(engines_for(client, options)),
        command_(command_options(options)) {}

  // Submits the next one.
  std::optional<Piece> submit() {
    std::optional<std::string> item = next_item();
    if (!item) return std::nullopt;
    CommandOptions command = command_;
    command.env[kItemVariable] = *item;
    Encoded arguments = detail::encode_command(fill_in(options_.words, *item), std::move(command));
    std::vector<int> engine;
    if (!engines_.empty()) engine = {engines_[count_ % engines_.size()]};
    ++count_;
    auto result = client_.send_apply_message(message_for(options_, engine), {&arguments, 1})
                      .as<CommandResult>();
    return Piece{*std::move(item), std::move(result)};
  }

  // Whoever waits for a line stops.
  void cancel() { lines_.get().cancel(); }

 private:
  std::optional<std::string> next_item() {
    if (options_.array.empty()) return lines_.get().next();
    const auto number = numbers_->next();
    return number ? std::optional(std::to_string(*number)) : std::nullopt;
  }

  const SubmitOptions& options_;
  std::optional<Numbers> numbers_;
  Lines lines_;
  const Client& client_;
  std::vector<int> engines_;
  const CommandOptions command_;
  std::size_t count_ = 0;
};

void write_to(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
}

Json document_of(const CommandResult& result) {
  return {{"exit_code", result.exit_code},
          {"signal", result.signal},
          {"out", result.out},
          {"err", result.err},
          {"out_left_out", result.out_left_out},
          {"err_left_out", result.err_left_out},
          {"wall_seconds", result.wall_seconds},
          {"user_seconds", result.user_seconds},
          {"system_seconds", result.system_seconds},
          {"max_rss_bytes", result.max_rss_bytes}};
}

// What became of one command.
struct Told {
  int exit_code = 0;    // of the command, if it ran
  std::string failure;  // empty: none
};

// Prints what the command printed, as far as `live` has not, or why it did not run. `item` is null
// where there is but one.
Told tell(const std::string* item, const Metadata& task, const Outcome<CommandResult>& outcome,
          Output& out, LiveText* live = nullptr) {
  const std::optional<CommandResult> result =
      outcome ? std::optional(*outcome) : failed_command(outcome.error());
  Told told;
  if (result && !result->ok()) told = {result->exit_code, ending_of(*result)};
  if (!result) told = {0, RemoteError(outcome.error()).what()};
  if (!out.json()) {
    if (!result) return told;
    if (live != nullptr) {
      live->finish(result->out, result->err);
      return told;
    }
    std::cout << std::flush;
    write_to(stdout, result->out);
    write_to(stderr, result->err);
    return told;
  }
  Json document = Json::object();
  if (item != nullptr) document["item"] = *item;
  document["msg_id"] = task.msg_id;
  document["engine"] = task.engine_id ? Json(*task.engine_id) : Json(nullptr);
  if (result)
    document.update(document_of(*result));
  else
    document["error"] = {{"name", outcome.error().name}, {"value", outcome.error().value}};
  out.document(document);
  return told;
}

// Once, or once on each engine that was said.
int submit_one(const SubmitOptions& options, Output& out) {
  Encoded arguments = detail::encode_command(options.words, command_options(options));
  const Client client = connect(options.ask);
  const std::vector<int> engines = engines_for(client, options);
  const AsyncListResult<CommandResult> results =
      client.send_apply_message(message_for(options, engines), {&arguments, 1})
          .as_list<CommandResult>();
  if (options.leave) {
    Json ids = Json::array();
    print_ids(results, out, ids);
    if (out.json()) out.document(ids);
    (void)client.result_status(results);  // until the hub has it
    return 0;
  }
  std::optional<LiveText> live;  // one command, as it comes
  if (results.size() == 1 && !out.json())
    live.emplace(results, [](OutputStream stream, std::string_view text) {
      write_to(stream == OutputStream::out ? stdout : stderr, text);
    });
  Watch(client, options.ask).await(results, options.limit);
  const std::vector<Outcome<CommandResult>> outcomes = results.get(return_exceptions);
  int exit = 0;
  std::string trouble;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const Told told = tell(nullptr, results.metadata(i), outcomes[i], out, live ? &*live : nullptr);
    if (told.exit_code != 0) exit = told.exit_code;
    if (told.exit_code == 0 && !told.failure.empty()) trouble = told.failure;
  }
  if (!trouble.empty()) throw Exception(Errc::task_failed, trouble);
  return exit;
}

// Prints the ids only.
void submit_and_leave(Batch& batch, const Client& client, Output& out) {
  const Interrupt interrupt;
  Json ids = Json::array();
  std::optional<AsyncTasks> last;
  while (const auto piece = batch.submit()) {
    interrupt.check();
    print_ids(piece->result, out, ids);
    if (out.json()) out.document(ids.front());
    ids.clear();
    last = piece->result;
  }
  if (last) (void)client.result_status(*last);  // the hub has it, and all before it
}

int submit_many(const SubmitOptions& options, Output& out) {
  const Client client = connect(options.ask);
  Batch batch(options, client);
  if (options.leave) return submit_and_leave(batch, client, out), 0;
  Watch watch(client, options.ask);
  UnderWay<Batch::Piece> under_way(room_for(client), !options.keep_order,
                                   [&batch] { return batch.submit(); });
  std::size_t count = 0;
  std::size_t failures = 0;
  std::string first_failure;
  const auto look = [&] {
    watch.look();
    if (watch.interrupt().signal() == 0) return;
    throw Exception(Errc::aborted, "interrupted: " + std::to_string(under_way.size()) +
                                       " commands are under way and go on (`roundhouse tasks`), "
                                       "the others were not submitted");
  };
  try {
    for (; const auto piece = under_way.take(look); ++count) {
      look();
      while (!piece->result.wait(std::chrono::milliseconds{50})) look();
      const Told told =
          tell(&piece->item, piece->result.metadata(), piece->result.get(return_exceptions), out);
      if (told.failure.empty()) continue;
      const std::string text = printable(piece->item) + ": " + told.failure;
      if (failures++ == 0) first_failure = text;
      print_error("task_failed", text, out.json());
    }
  } catch (...) {
    batch.cancel();
    throw;
  }
  if (failures > 0)
    throw Exception(Errc::task_failed, std::to_string(failures) + " of " + std::to_string(count) +
                                           " commands failed; the first: " + first_failure);
  return 0;
}

}  // namespace

int submit(const SubmitOptions& options, Output& out) {
  if (options.words.empty())
    throw UsageError("which program? It stands behind --: roundhouse submit -- PROGRAM ARGS");
  if (options.each_line == kStandardInput && options.input == kStandardInput)
    throw UsageError("standard input is either --each-line or --input");
  if (options.array.empty() && options.each_line.empty()) return submit_one(options, out);
  return submit_many(options, out);
}

}  // namespace roundhouse::cli
